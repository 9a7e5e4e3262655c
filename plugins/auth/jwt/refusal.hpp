// Why a token is not accepted.
#pragma once

#include <string_view>

namespace sluice::auth::jwt {

enum class Refusal {
    kTooLarge,
    kMalformed,
    kEncrypted,
    kWrongType,
    kCriticalHeader,
    kAlgorithmNotAllowed,
    kNoKeyId,
    kUnknownKey,
    kKeyDoesNotFit,
    kWrongSignature,
    kInvalidClaim,
    kNoExpiry,
    kExpired,
    kNotYetValid,
    kIssuedInFuture,
    kWrongIssuer,
    kWrongAudience,
    kNoIdentity,
};

// A few words for the client and the log. Nothing of the token is in them.
constexpr std::string_view reason_of(Refusal refusal) noexcept {
    switch (refusal) {
        case Refusal::kTooLarge: return "the token is longer than 8192 bytes";
        case Refusal::kMalformed: return "the token is malformed";
        case Refusal::kEncrypted: return "the token is encrypted; only signed tokens are accepted";
        case Refusal::kWrongType: return "the token is of a type that is not accepted";
        case Refusal::kCriticalHeader: return "the token has critical headers (crit), which are not supported";
        case Refusal::kAlgorithmNotAllowed: return "the token's algorithm is not allowed";
        case Refusal::kNoKeyId: return "the token names no key (kid), and several keys are known";
        case Refusal::kUnknownKey: return "the token is signed with an unknown key";
        case Refusal::kKeyDoesNotFit: return "the token's key does not fit its algorithm";
        case Refusal::kWrongSignature: return "the token's signature is wrong";
        case Refusal::kInvalidClaim: return "a claim of the token is of the wrong kind";
        case Refusal::kNoExpiry: return "the token has no expiry (exp)";
        case Refusal::kExpired: return "the token has expired";
        case Refusal::kNotYetValid: return "the token is not valid yet (nbf)";
        case Refusal::kIssuedInFuture: return "the token was issued in the future (iat)";
        case Refusal::kWrongIssuer: return "the token is from another issuer";
        case Refusal::kWrongAudience: return "the token is for another audience";
        case Refusal::kNoIdentity: return "the token does not say who its holder is";
    }
    return "the token is not accepted";
}

}  // namespace sluice::auth::jwt
