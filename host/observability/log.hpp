#pragma once

#include "observability/log_field.hpp"
#include "observability/log_level.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace sluice::observability {

struct LogConfig {
    LogLevel level = LogLevel::kInfo;
    LogFormat format = LogFormat::kJson;
    bool has_access_log = true;      ///< one line per request, at level info
    std::size_t queue_lines = 2048;  ///< lines that wait to be written; above it the oldest are dropped and counted
    int descriptor = 1;              ///< where lines go; not closed by the log
};

/// Starts the log of this process: one writing thread, which no caller ever waits for. Lines are written at the latest
/// 100 ms after they were given. Called again it ends the running log first. Before the start and after the stop
/// lines go nowhere. Throws std::system_error if a thread cannot be made. [main-thread]
void start_log(const LogConfig& config);

/// Writes everything that waits and ends the log's threads. Gives up on an output that takes nothing for 2 s.
/// [main-thread]
void stop_log() noexcept;

/// Starts the log and stops it at the end of the scope.
class LogSession {
public:
    explicit LogSession(const LogConfig& config) { start_log(config); }
    ~LogSession() { stop_log(); }
    LogSession(const LogSession&) = delete;
    LogSession& operator=(const LogSession&) = delete;
};

/// Changes the threshold of a running log. [any-thread]
void set_log_level(LogLevel level) noexcept;

/// Waits until every line given before this call is written, or 2 s have passed. [any-thread]
void flush_log() noexcept;

namespace detail {
inline std::atomic<LogLevel> log_threshold{LogLevel::kSilent};
}

/// True if a line of this level would be written. [any-thread]
inline bool log_enabled(LogLevel level) noexcept {
    return level >= detail::log_threshold.load(std::memory_order_relaxed) && level != LogLevel::kSilent;
}

/// Queues one line: {"time":...,"level":...,"event":"listening","message":...,fields...}. `event` is a fixed word to
/// search for, `message` is for people; an empty message is left out. Any bytes are allowed: control characters are
/// escaped, invalid UTF-8 becomes U+FFFD. Never blocks, never throws. [any-thread]
void log(LogLevel level, std::string_view event, std::string_view message,
         std::initializer_list<LogField> fields = {}) noexcept;

/// Lines of the event log and of the access log that were dropped since the process began. [any-thread]
std::uint64_t dropped_event_lines() noexcept;
std::uint64_t dropped_access_lines() noexcept;

}  // namespace sluice::observability
