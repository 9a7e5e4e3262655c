// The options of one instance; see config.schema.json for what they mean.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base_url.hpp"

namespace sluice::openai {

enum class Auth { kBearer, kApiKey, kNone };

struct ServerKey {
    std::string text;
    std::string name;  // as in the configuration: "api_key", "api_keys[2]"
};

struct Config {
    BaseUrl base_url;
    std::vector<ServerKey> server_keys;  // api_key first; no two are the same
    std::chrono::milliseconds key_cooldown{10'000};
    std::chrono::milliseconds key_retry{300'000};
    Auth auth = Auth::kBearer;
    bool is_enabled = true;
    bool allows_client_key = true;
    std::vector<std::pair<std::string, std::string>> headers;
    std::optional<BaseUrl> proxy;  // set only where the upstream is really reached through it
    std::string ca_file;
    std::size_t warm_connections = 0;
    std::chrono::milliseconds idle_timeout{30'000};
    std::chrono::milliseconds connect_timeout{10'000};
    std::chrono::milliseconds head_timeout{0};
    std::size_t max_answer_bytes = 64u << 20;
};

// Reads a configuration that satisfies the schema. On failure returns false and names in `problem` the key, what was
// found and what was expected; no secret is in the text.
bool parse_config(std::string_view json, Config& config, std::string& problem);

// Whether a no_proxy list excepts the host: "*", the name or address itself, or the end of a longer name.
bool is_excepted_from_proxy(std::string_view host, std::string_view no_proxy);

}  // namespace sluice::openai
