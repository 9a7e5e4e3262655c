#pragma once

#include "observability/log_level.hpp"
#include "observability/request_record.hpp"

#include <string>

namespace sluice::observability {

/// True if log_access() would write. [any-thread]
bool access_log_enabled() noexcept;

/// Queues the line of one finished request. Never blocks, never throws; does not allocate once its thread has written
/// a few lines. [any-thread]
void log_access(const RequestRecord& record) noexcept;

/// Appends the line, with its line end, to `out`.
void append_access_line(const RequestRecord& record, LogFormat format, std::string& out);

}  // namespace sluice::observability
