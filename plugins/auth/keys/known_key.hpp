// What has to be known of a key to judge a request that shows it.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace sluice::auth {

// Immutable once it is shared.
struct KnownKey {
    std::string owner;                // key.id
    std::string masked;               // key.masked
    std::string limits;               // key.limits; empty: none of its own
    std::vector<std::string> models;  // patterns; empty: all
    std::vector<std::string> routes;
    std::string visible_models;            // the models, with commas between
    std::chrono::milliseconds expires{0};  // Unix time; 0: never
    std::chrono::milliseconds revoked{0};  // Unix time; 0: it is not

    bool is_expired(std::chrono::milliseconds unix_time) const noexcept {
        return expires.count() != 0 && unix_time >= expires;
    }
};

}  // namespace sluice::auth
