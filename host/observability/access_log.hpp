#pragma once

#include "observability/log_level.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::observability {

/// What is written about one request. Text is borrowed for the call; empty text and absent values are left out of the
/// line.
struct AccessRecord {
    std::chrono::system_clock::time_point time;  ///< of the end of the exchange
    std::string_view request_id;
    std::string_view backend_mode;  ///< the value of X-Backend-Mode
    std::string_view route;
    std::string_view method;
    std::string_view path;  ///< anything from '?' on is cut off; at most kMaxLoggedPathBytes are written
    int status = 0;         ///< 0: none was sent
    std::chrono::nanoseconds duration{0};
    std::optional<std::chrono::nanoseconds> first_byte;  ///< from the request's end to the first byte of the answer
    std::string_view masked_key;
    std::string_view session_id;
    std::uint32_t attempts = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    std::optional<std::uint64_t> prompt_tokens;
    std::optional<std::uint64_t> completion_tokens;
    std::string_view error_code;
    std::string_view ended_by;  ///< "backend", "client", "middleware", "deadline", "shutdown", "host"
    std::string_view phase;     ///< in which phase of the exchange it ended
};

inline constexpr std::size_t kMaxLoggedPathBytes = 512;

/// True if log_access() would write: ask before filling a record. [any-thread]
bool access_log_enabled() noexcept;

/// Queues the line of one finished request. Never blocks, never throws; does not allocate once its thread has written
/// a few lines. [any-thread]
void log_access(const AccessRecord& record) noexcept;

/// Appends the line, with its line end, to `out`.
void append_access_line(const AccessRecord& record, LogFormat format, std::string& out);

}  // namespace sluice::observability
