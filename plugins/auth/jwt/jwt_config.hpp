// The member "jwt" of the configuration.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "jwt/algorithm.hpp"
#include "jwt/claims.hpp"

namespace sluice::auth::jwt {

struct JwtConfig {
    std::string jwks_file;  // this or jwks_url
    std::string jwks_url;
    std::vector<const Algorithm*> algorithms;
    ClaimRules rules;
    std::chrono::milliseconds refresh{300'000};
    std::chrono::milliseconds fetch_timeout{3'000};
};

// Throws Error, which names the member, what was found and what was expected.
JwtConfig parse_jwt_config(std::string_view json);

}  // namespace sluice::auth::jwt
