// Why a request does not count as anybody's.
#pragma once

#include <string>
#include <string_view>

#include "identity/authorization.hpp"
#include "sluice/cpp/error.hpp"

namespace sluice::auth {

struct Denial {
    enum class Kind { kMissing, kInvalid, kExpired, kRevoked, kUnavailable };

    Kind kind = Kind::kInvalid;
    std::string message;  // for the client: what was found and expected, never the key
    std::string masked;   // for the log; "***" or empty where it shall not be shown

    Error to_error() const;
    // For the log and the metric: "missing", "invalid", ...
    std::string_view name() const noexcept;
};

// Of a header that shows no key.
Denial denial_of(const Authorization& found);
// `masked` as masked_if_key() gives it.
Denial unknown_key(std::string masked);
Denial damaged_key(std::string masked);
Denial expired_key(std::string masked);
Denial revoked_key(std::string masked);
Denial refused_token(const std::string& reason);
// The store or the issuer cannot be asked.
Denial unavailable();

}  // namespace sluice::auth
