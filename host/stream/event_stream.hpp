#pragma once

#include <string>
#include <string_view>

#include "http/error_table.hpp"
#include "stream/stream_dialect.hpp"

namespace sluice::stream {

/// Writes server-sent events as clients of the OpenAI API read them (WHATWG HTML, "Server-sent events"): one line of
/// data each, no ids, names only where the dialect has them.

/// Appends one event. `data` holds no line end; `name` is ignored in the chat dialect.
void append_event(std::string& out, Dialect dialect, std::string_view name, std::string_view data);

/// Appends the event by which a client learns that the stream failed after it had begun.
void append_error_event(std::string& out, Dialect dialect, const http::WireError& error);

/// Appends what ends a stream, which may be nothing.
void append_end(std::string& out, Dialect dialect);

/// A comment that keeps the connection alive through proxies; every client ignores it.
inline constexpr std::string_view kHeartbeat = ": ping\n\n";

}  // namespace sluice::stream
