#pragma once

#include <chrono>
#include <string>

namespace sluice::observability {

/// Appends `time` in UTC with milliseconds: "2026-01-31T23:59:59.123Z" (RFC 3339). Cheap within one second.
void append_timestamp(std::string& out, std::chrono::system_clock::time_point time);

}  // namespace sluice::observability
