#include "observability/log_level.hpp"

#include <array>
#include <cstddef>

namespace sluice::observability {
namespace {

constexpr std::array<std::string_view, 7> kLevelNames{"trace", "debug", "info", "warn", "error", "fatal", "silent"};

}  // namespace

std::optional<LogLevel> parse_log_level(std::string_view text) noexcept {
    for (std::size_t index = 0; index < kLevelNames.size(); ++index) {
        if (kLevelNames[index] == text) {
            return static_cast<LogLevel>(index);
        }
    }
    return std::nullopt;
}

std::optional<LogFormat> parse_log_format(std::string_view text) noexcept {
    if (text == "json") {
        return LogFormat::kJson;
    }
    if (text == "pretty") {
        return LogFormat::kPretty;
    }
    return std::nullopt;
}

std::string_view log_level_name(LogLevel level) noexcept { return kLevelNames[static_cast<std::size_t>(level)]; }

}  // namespace sluice::observability
