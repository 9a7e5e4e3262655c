// base64url as RFC 7515 has it: without padding, line breaks or blanks.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::auth::jwt {

// nullopt unless `text` is the one encoding of some bytes: bits that belong to no byte have to be zero.
std::optional<std::string> decode_base64url(std::string_view text);

}  // namespace sluice::auth::jwt
