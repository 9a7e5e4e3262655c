#pragma once

#include <string_view>

namespace sluice::config {

/// Whether the bytes are well-formed UTF-8 without a NUL: what a string of the configuration may hold.
bool is_text(std::string_view bytes);

/// At most `limit` bytes of `text`, never ending inside a character.
std::string_view utf8_prefix(std::string_view text, std::size_t limit);

}  // namespace sluice::config
