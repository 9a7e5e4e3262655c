#pragma once

#include <string>
#include <string_view>

namespace sluice::http {

/// True where a client's X-Request-ID may be kept: 1 to 128 printable ASCII characters without blanks.
bool is_acceptable_request_id(std::string_view id) noexcept;

/// Writes a fresh random UUID (version 4, RFC 9562, 5.4) into `out`, replacing what was there. Unique, not secret:
/// from a generator per thread, seeded by the kernel.
void assign_fresh_request_id(std::string& out);

}  // namespace sluice::http
