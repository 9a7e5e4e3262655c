// A public key, or a shared secret, with which signatures are verified.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "jwt/algorithm.hpp"
#include "jwt/compact_token.hpp"

namespace sluice::auth::jwt {

// Cannot be changed; any number of threads may verify with it. A copy shares the key.
class VerificationKey {
public:
    // Numbers and coordinates as in a JWK, big-endian. nullopt if they make no key that is safe to use: RSA moduli have
    // 2048 to 4096 bits (longer ones take too long for an event loop), points are on the curve P-256.
    static std::optional<VerificationKey> from_rsa(std::string_view modulus, std::string_view exponent);
    static std::optional<VerificationKey> from_point(std::string_view x, std::string_view y);
    static std::optional<VerificationKey> from_octets(std::string_view secret);

    KeyType type() const noexcept { return type_; }
    // Whether the key is of the algorithm's type and, as a secret, long enough for it (RFC 7518, section 3.2).
    bool fits(const Algorithm& algorithm) const noexcept;
    // Whether the token's signature was made with this key and the token's algorithm, which the key fits.
    bool verifies(const CompactToken& token) const;

private:
    struct Material;

    VerificationKey(KeyType type, std::size_t size_bytes, std::shared_ptr<const Material> material)
        : type_(type), size_bytes_(size_bytes), material_(std::move(material)) {}

    KeyType type_;
    std::size_t size_bytes_;
    std::shared_ptr<const Material> material_;
};

}  // namespace sluice::auth::jwt
