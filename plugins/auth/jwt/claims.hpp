// What a token with a right signature says, and whether that is to be accepted here and now.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "jwt/refusal.hpp"

namespace sluice::auth::jwt {

struct ClaimRules {
    std::string issuer;                  // iss is this, character by character
    std::vector<std::string> audiences;  // aud is, or has among others, one of these
    std::chrono::seconds leeway{30};     // how far the issuer's clock may be off
    std::string id_claim = "sub";        // the claim that says who the holder is
};

// Whom a token was issued to.
struct TokenHolder {
    static constexpr std::size_t kMaxIdBytes = 256;

    std::string id;                                 // UTF-8 without control characters, 1 to kMaxIdBytes bytes
    std::chrono::system_clock::time_point expires;  // the leeway is in it
};

// Judges the claims in `payload`, which is JSON. exp has to be there; nbf and iat are heeded where they are.
std::variant<TokenHolder, Refusal> judge_claims(std::string_view payload, const ClaimRules& rules,
                                                std::chrono::system_clock::time_point now);

}  // namespace sluice::auth::jwt
