#pragma once

#include <string_view>

namespace sluice::http {

/// "200 OK": code and reason phrase of RFC 9110, 15 as they stand in a status line; for an unknown code the phrase is
/// that of its class. Static text. `status` is between 100 and 599.
std::string_view status_line_text(int status) noexcept;

}  // namespace sluice::http
