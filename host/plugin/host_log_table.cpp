#include "observability/log.hpp"
#include "plugin/host_tables.hpp"
#include "plugin/plugin_instance.hpp"
#include "plugin/table_checks.hpp"

#include <algorithm>

namespace sluice::plugin {
namespace {

using observability::LogLevel;

constexpr std::size_t kMaxMessageBytes = 16 << 10;

// A level of a later ABI counts as the nearest this host knows.
LogLevel level_of(std::int32_t level) noexcept {
    return static_cast<LogLevel>(std::clamp<std::int32_t>(level, SLUICE_LOG_TRACE, SLUICE_LOG_ERROR));
}
static_assert(static_cast<int>(LogLevel::kTrace) == SLUICE_LOG_TRACE);
static_assert(static_cast<int>(LogLevel::kError) == SLUICE_LOG_ERROR);

std::int32_t is_enabled(const sluice_host*, std::int32_t level) noexcept {
    return observability::log_enabled(level_of(level)) ? 1 : 0;
}

void write(const sluice_host* host, std::int32_t level, sluice_str message) noexcept {
    const PluginInstance& instance = PluginInstance::from(host);
    observability::log(level_of(level), "plugin", view_of(message).substr(0, kMaxMessageBytes),
                       {{"plugin", instance.library().manifest().name}, {"instance", instance.name()}});
}

constexpr sluice_host_log kTable{sizeof(sluice_host_log), 0, &is_enabled, &write};

}  // namespace

const sluice_host_log& host_log_table() noexcept { return kTable; }

}  // namespace sluice::plugin
