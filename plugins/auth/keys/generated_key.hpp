// Keys that `sluice keys create` makes: "sk-slc-" and 48 characters of base64url, which are 32 random bytes and 4 bytes
// of checksum. A mistyped or shortened key is recognised by itself, without asking the store.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::auth {

inline constexpr std::string_view kGeneratedKeyPrefix = "sk-slc-";
inline constexpr std::size_t kGeneratedKeyBytes = 55;

std::string make_generated_key();

enum class KeyForm {
    kForeign,  // no generated key at all
    kDamaged,  // begins like one, but is none
    kWhole
};

KeyForm form_of_key(std::string_view key);

}  // namespace sluice::auth
