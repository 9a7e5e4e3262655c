#pragma once

#include <string>
#include <string_view>

namespace sluice::observability {

/// Appends `text` as a JSON string with its quotes. Any bytes are allowed: control characters are escaped, and each
/// maximal piece of invalid UTF-8 becomes one U+FFFD.
void append_json_string(std::string& out, std::string_view text);

/// Appends `text` for a person's terminal: as above without quotes, with only control characters escaped.
void append_plain_text(std::string& out, std::string_view text);

}  // namespace sluice::observability
