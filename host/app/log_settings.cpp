#include "app/log_settings.hpp"

namespace sluice::app {

using observability::LogLevel;

LogLevel log_level_of(config::LogLevel level) noexcept {
    constexpr LogLevel kLevels[] = {LogLevel::kFatal, LogLevel::kError, LogLevel::kWarn,  LogLevel::kInfo,
                                    LogLevel::kDebug, LogLevel::kTrace, LogLevel::kSilent};
    return kLevels[static_cast<int>(level)];
}

observability::LogConfig log_config_of(const config::Log& log) noexcept {
    observability::LogConfig result;
    result.level = log_level_of(log.level);
    bool is_json = log.format == config::LogFormat::kJson;
    result.format = is_json ? observability::LogFormat::kJson : observability::LogFormat::kPretty;
    // Each generation says itself whether it has one.
    result.has_access_log = true;
    return result;
}

}  // namespace sluice::app
