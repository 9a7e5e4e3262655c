// Keys are known and stored by a keyed hash of the whole key: who reads the store has no key, and cannot try any either
// without the hash key.
#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

#include "keys/sodium.hpp"

namespace sluice::auth {

using KeyHash = Digest;

// For hash tables. A keyed hash is as good as random, so that any part of it will do.
struct KeyHashIndex {
    std::size_t operator()(const KeyHash& hash) const noexcept {
        std::size_t index = 0;
        std::memcpy(&index, hash.data(), sizeof(index));
        return index;
    }
};

// Immutable; every thread may use it.
class KeyHasher {
public:
    // `hash_key` may be of any length. Throws Error if libsodium cannot be used.
    explicit KeyHasher(std::string_view hash_key);

    KeyHash of(std::string_view key) const noexcept { return blake2b(key, secret_); }
    // Tells one hash key from another, and nothing else about it.
    const std::string& fingerprint() const noexcept { return fingerprint_; }

private:
    std::string secret_;
    std::string fingerprint_;
};

}  // namespace sluice::auth
