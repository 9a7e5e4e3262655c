// The host's log.
#pragma once

#include "sluice/cpp/text.hpp"
#include "sluice/ext/log.h"

#include <string_view>

namespace sluice {
inline namespace v1 {

// Writes lines to the host's log; with a host that has none it does nothing. A small value: copy it freely. Prompts,
// answers and keys do not belong in a log. Every thread may use it.
class Log {
public:
    explicit Log(const sluice_host* host) noexcept
        : host_(host),
          table_(static_cast<const sluice_host_log*>(host->get_interface(host, to_str(SLUICE_HOST_LOG_ID)))) {}

    // Ask before building an expensive line.
    bool is_enabled(sluice_log_level level) const noexcept {
        return table_ != nullptr && table_->is_enabled(host_, level) != 0;
    }
    void write(sluice_log_level level, std::string_view message) const noexcept {
        if (table_ != nullptr) {
            table_->write(host_, level, to_str(message));
        }
    }
    void trace(std::string_view message) const noexcept { write(SLUICE_LOG_TRACE, message); }
    void debug(std::string_view message) const noexcept { write(SLUICE_LOG_DEBUG, message); }
    void info(std::string_view message) const noexcept { write(SLUICE_LOG_INFO, message); }
    void warn(std::string_view message) const noexcept { write(SLUICE_LOG_WARN, message); }
    void error(std::string_view message) const noexcept { write(SLUICE_LOG_ERROR, message); }

private:
    const sluice_host* host_;
    const sluice_host_log* table_;
};

}  // namespace v1
}  // namespace sluice
