// The signature algorithms of JSON Web Tokens (RFC 7518, section 3.1) that are supported.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace sluice::auth::jwt {

enum class KeyType { kOctets, kRsa, kP256 };

enum class Scheme { kHmac, kRsaPkcs1, kRsaPss, kEcdsa };

struct Algorithm {
    const char* name;
    Scheme scheme;
    KeyType key_type;  // what a key must be
    const char* digest;
    std::size_t digest_bytes;
};

// "none" is no algorithm. ES384 and ES512 are left out: OpenSSL has no fast code for their curves, and a verification
// of most of a millisecond would hold up everything else on the event loop.
inline constexpr std::array<Algorithm, 10> kAlgorithms{{
    {"RS256", Scheme::kRsaPkcs1, KeyType::kRsa, "SHA256", 32},
    {"RS384", Scheme::kRsaPkcs1, KeyType::kRsa, "SHA384", 48},
    {"RS512", Scheme::kRsaPkcs1, KeyType::kRsa, "SHA512", 64},
    {"ES256", Scheme::kEcdsa, KeyType::kP256, "SHA256", 32},
    {"PS256", Scheme::kRsaPss, KeyType::kRsa, "SHA256", 32},
    {"PS384", Scheme::kRsaPss, KeyType::kRsa, "SHA384", 48},
    {"PS512", Scheme::kRsaPss, KeyType::kRsa, "SHA512", 64},
    {"HS256", Scheme::kHmac, KeyType::kOctets, "SHA256", 32},
    {"HS384", Scheme::kHmac, KeyType::kOctets, "SHA384", 48},
    {"HS512", Scheme::kHmac, KeyType::kOctets, "SHA512", 64},
}};

// nullptr if there is none of that name. Names are compared exactly.
constexpr const Algorithm* find_algorithm(std::string_view name) noexcept {
    for (const Algorithm& algorithm : kAlgorithms) {
        if (name == algorithm.name) return &algorithm;
    }
    return nullptr;
}

}  // namespace sluice::auth::jwt
