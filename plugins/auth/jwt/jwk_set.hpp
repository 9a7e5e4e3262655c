// A JSON Web Key set (RFC 7517), as an issuer publishes it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "jwt/algorithm.hpp"
#include "jwt/refusal.hpp"
#include "jwt/verification_key.hpp"

namespace sluice::auth::jwt {

class JwkSet {
public:
    static constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
    static constexpr std::size_t kMaxKeys = 100;

    // Takes the keys that verify signatures and leaves out the others: for encryption (use, key_ops), of unknown types
    // and curves, unsafe ones, slow ones (RSA above 4096 bits, P-384, P-521). nullopt if `json` is no set or too large;
    // `problem` says why. A set without a usable key is a set: with it, no token is good.
    static std::optional<JwkSet> parse(std::string_view json, std::string& problem);

    std::size_t size() const noexcept { return entries_.size(); }

    // The key that a token of this key id and algorithm is to be verified with, or why there is none. Without an id it
    // is the one key that fits the algorithm. The key lives as long as the set.
    std::variant<const VerificationKey*, Refusal> find(const std::optional<std::string>& key_id,
                                                       const Algorithm& algorithm) const;

private:
    struct Entry {
        std::optional<std::string> id;
        const Algorithm* algorithm;  // the only one the key may be used with; nullptr: each that it fits
        VerificationKey key;
    };
    struct Reader;

    std::vector<Entry> entries_;
};

}  // namespace sluice::auth::jwt
