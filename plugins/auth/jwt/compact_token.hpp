// A signed token as it is sent: header.payload.signature (RFC 7515, section 7.1).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "jwt/algorithm.hpp"
#include "jwt/refusal.hpp"

namespace sluice::auth::jwt {

struct CompactToken {
    static constexpr std::size_t kMaxBytes = 8192;

    // Views into the text that was read.
    std::string_view text;
    std::string_view signing_input;  // header.payload
    std::string_view payload;        // in base64url: nobody looks into it before the signature is known to be right

    std::string signature;
    const Algorithm* algorithm = nullptr;
    std::optional<std::string> key_id;
};

// Splits `text` and reads the header. The reason if it is not a signed token that could be judged; `token` is to be
// used only if there is none. The algorithm is one of those known, not yet one that is allowed.
std::optional<Refusal> read_compact_token(std::string_view text, CompactToken& token);

}  // namespace sluice::auth::jwt
