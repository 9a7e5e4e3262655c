// JSON Web Tokens as keys: the seam between the rest of the plugin and what knows tokens.
#pragma once

#include "sluice/cpp/host.hpp"
#include "sluice/cpp/loop.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace sluice::auth {

// Whose token it is.
struct TokenIdentity {
    std::string id;                        // becomes key.id: the same for all tokens of one holder, never that of a key
    std::string masked;                    // becomes key.masked: what logs may show
    std::chrono::milliseconds expires{0};  // Unix time until which the token is good
};

// The token is no good. `reason` is a few words for the client and the log ("the token has expired"); nothing of the
// token is in them.
struct TokenRefused {
    std::string reason;
};

// It cannot be said whether the token is good: there is no key set, or none that is new enough to know that there is no
// such key. `reason` is for the log.
struct TokenUnjudged {
    std::string reason;
};

using Verified = std::variant<TokenIdentity, TokenRefused, TokenUnjudged>;

class TokenVerifier {
public:
    // Does not throw.
    using Done = std::function<void(Verified)>;

    virtual ~TokenVerifier() = default;

    // Verifies something that looks like a token: looks_like_token() and at most 8192 printable ASCII characters.
    // Answers once on `loop`: inside the call or later. Called on the loop's thread; all loops call at once. The
    // destructor sees to it that what is still owed is answered first (as unjudged), on its loop.
    virtual void verify(std::string token, Loop loop, Done done) = 0;
};

// True for three parts with dots between, none of which is empty: no key that the gateway makes looks so.
constexpr bool looks_like_token(std::string_view text) noexcept {
    const std::size_t first = text.find('.');
    if (first == std::string_view::npos || first == 0) return false;
    const std::size_t second = text.find('.', first + 1);
    return second != std::string_view::npos && second > first + 1 && second + 1 < text.size() &&
           text.find('.', second + 1) == std::string_view::npos;
}

// `config_json` is the member "jwt" of the configuration as it stands there, which satisfies the schema. Throws Error
// with what was found and expected. In create() only. Where the instance is only tried there is none: the configuration
// and a key file are judged, but no server is asked.
std::unique_ptr<TokenVerifier> make_token_verifier(Host host, std::string_view config_json);

}  // namespace sluice::auth
