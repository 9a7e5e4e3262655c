// Long texts as short ones.
#pragma once

#include <string>
#include <string_view>

namespace sluice::ratelimit {

// Appends '#' and SHA-256 of `text` in hexadecimal digits: the same on every gateway, and nobody can make another text
// with the same digest.
void append_digest(std::string_view text, std::string& out);

}  // namespace sluice::ratelimit
