#include "keys/generated_key.hpp"

#include "keys/sodium.hpp"

namespace sluice::auth {
namespace {

constexpr std::size_t kRandomBytes = 32;
constexpr std::size_t kChecksumBytes = 4;

std::string checksum_of(std::string_view random) {
    const Digest digest = blake2b(random);
    return {reinterpret_cast<const char*>(digest.data()), kChecksumBytes};
}

}  // namespace

std::string make_generated_key() {
    std::string bytes = random_bytes(kRandomBytes);
    bytes += checksum_of(bytes);
    return std::string(kGeneratedKeyPrefix) + to_base64url(bytes);
}

KeyForm form_of_key(std::string_view key) {
    if (key.substr(0, kGeneratedKeyPrefix.size()) != kGeneratedKeyPrefix) return KeyForm::kForeign;
    if (key.size() != kGeneratedKeyBytes) return KeyForm::kDamaged;
    const auto bytes = from_base64url(key.substr(kGeneratedKeyPrefix.size()), kRandomBytes + kChecksumBytes);
    if (!bytes) return KeyForm::kDamaged;
    const std::string_view random = std::string_view(*bytes).substr(0, kRandomBytes);
    return checksum_of(random) == bytes->substr(kRandomBytes) ? KeyForm::kWhole : KeyForm::kDamaged;
}

}  // namespace sluice::auth
