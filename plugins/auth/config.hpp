// The options of one instance; see config.schema.json for what they mean.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/cpp/key_limits.hpp"

namespace sluice::auth {

enum class Require { kAuto, kAlways, kNever };

enum class Audit { kOff, kFailures, kAll };

// A key of the configuration.
struct ConfiguredKey {
    std::string key;
    std::string name;   // empty for those of api_key and api_keys
    std::string owner;  // empty: by the name
    std::vector<std::string> models;
    std::vector<std::string> routes;
    std::chrono::milliseconds expires{0};  // Unix time; 0: never
    KeyLimits limits;
};

struct Config {
    std::vector<ConfiguredKey> keys;  // no key twice
    bool is_managed = true;
    std::string space = "auth";
    Require require = Require::kAuto;
    std::string hash_key;
    std::chrono::milliseconds trusted{5000};
    std::chrono::milliseconds stale{300'000};
    std::size_t max_known_keys = 100'000;
    Audit audit = Audit::kFailures;
    std::optional<std::string> jwt_json;
};

// Reads a configuration that satisfies the schema. Throws Error that names the option, what was found and what was
// expected; no secret is in the text.
Config parse_config(std::string_view json);

}  // namespace sluice::auth
