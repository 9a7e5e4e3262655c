#pragma once

#include "observability/log_field.hpp"
#include "observability/log_level.hpp"

#include <chrono>
#include <span>
#include <string>
#include <string_view>

namespace sluice::observability {

/// One line of the event log before it is written. Text is borrowed.
struct LogLine {
    std::chrono::system_clock::time_point time;
    LogLevel level;
    std::string_view event;
    std::string_view message;
    std::span<const LogField> fields;
};

/// Appends the line, with its line end, to `out`.
void append_log_line(const LogLine& line, LogFormat format, std::string& out);

}  // namespace sluice::observability
