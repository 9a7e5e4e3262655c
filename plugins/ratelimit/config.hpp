// The options of one instance; see config.schema.json for what they mean.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "limit.hpp"

namespace sluice::ratelimit {

struct Config {
    std::string store_namespace = "ratelimit";
    bool refuses_when_store_fails = false;
    unsigned ipv6_prefix_bits = 64;
    std::int64_t default_completion_tokens = 0;
    std::vector<Limit> limits;  // those that are switched off included: a key may have one of its own
};

// Reads a configuration that satisfies the schema. Throws sluice::Error, with the path, what was found and what was
// expected, for what the schema cannot say.
Config parse_config(std::string_view json);

}  // namespace sluice::ratelimit
