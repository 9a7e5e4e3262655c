// The key that a request shows: `Authorization: Bearer <key>`, once.
#pragma once

#include <cstddef>
#include <string_view>

#include "sluice/cpp/headers.hpp"

namespace sluice::auth {

inline constexpr std::size_t kMaxKeyBytes = 8192;

// True for 1 to kMaxKeyBytes printable ASCII characters, none of them a blank.
bool is_key_text(std::string_view text) noexcept;

struct Authorization {
    enum class Kind {
        kKey,
        kMissing,      // no header, an empty one, or a scheme without a key
        kSeveral,      // more than one header
        kOtherScheme,  // something else than Bearer
        kTooLong,
        kNotPrintable
    };
    Kind kind = Kind::kMissing;
    std::string_view key;   // kKey only; valid as long as the headers
    std::size_t count = 0;  // kSeveral: headers; kTooLong: bytes of the key
};

Authorization read_authorization(Headers headers) noexcept;
// The same of the value of the one header.
Authorization read_authorization_value(std::string_view value) noexcept;

}  // namespace sluice::auth
