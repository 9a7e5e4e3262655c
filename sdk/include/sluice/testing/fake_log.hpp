// A log that keeps its lines.
#pragma once

#include "sluice/cpp/text.hpp"
#include "sluice/ext/log.h"
#include "sluice/testing/host_parts.hpp"

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace sluice {
namespace testing {

struct LogLine {
    std::int32_t level = 0;  // sluice_log_level
    std::string message;
};

// Every thread may use it.
class FakeLog {
public:
    // Lines below `level` are not kept, and is_enabled() says so to the plugin. SLUICE_LOG_TRACE at first.
    void set_level(sluice_log_level level) noexcept { level_ = level; }
    std::vector<LogLine> lines() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return lines_;
    }
    // True if a line of `level` has `words` in it.
    bool has(sluice_log_level level, const std::string& words) const {
        for (const LogLine& line : lines()) {
            if (line.level == level && line.message.find(words) != std::string::npos) {
                return true;
            }
        }
        return false;
    }

    static const sluice_host_log& table() noexcept {
        static const sluice_host_log kTable = {
            sizeof(sluice_host_log), 0,
            [](const sluice_host* host, std::int32_t level) noexcept -> std::int32_t {
                return level >= parts_of(host).log->level_ ? 1 : 0;
            },
            [](const sluice_host* host, std::int32_t level, sluice_str message) noexcept {
                FakeLog& log = *parts_of(host).log;
                if (level >= log.level_) {
                    const std::lock_guard<std::mutex> lock(log.mutex_);
                    log.lines_.push_back(LogLine{level, std::string(to_view(message))});
                }
            }};
        return kTable;
    }

private:
    mutable std::mutex mutex_;
    std::vector<LogLine> lines_;
    std::atomic<std::int32_t> level_{SLUICE_LOG_TRACE};
};

}  // namespace testing
}  // namespace sluice
