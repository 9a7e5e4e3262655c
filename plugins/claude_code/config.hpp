// The options of one instance; see config.schema.json for what they mean.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "request/parameter_tiers.hpp"

namespace sluice::claude_code {

struct Config {
    std::string cli_path = "claude";
    std::string anthropic_api_key;
    std::string oauth_token;
    std::string base_url;
    std::string default_model = "sonnet";
    std::string store_namespace = "claude_code";
    std::vector<std::pair<std::string, std::string>> models;
    std::optional<std::map<std::string, std::size_t>> warm_processes;
    std::size_t max_processes = 10;
    std::uint64_t max_process_memory_bytes = std::uint64_t{1024} << 20;
    std::uint64_t max_memory_bytes = std::uint64_t{4096} << 20;
    std::size_t max_turns_per_process = 100;
    std::chrono::milliseconds process_idle{300'000};
    std::chrono::milliseconds queue_timeout{5'000};
    std::chrono::milliseconds shutdown{10'000};
    std::chrono::milliseconds session_ttl{3'600'000};
    std::chrono::milliseconds session_max_age{86'400'000};
    std::chrono::milliseconds session_sweep{60'000};
    std::chrono::milliseconds silence{300'000};
    std::size_t max_output_bytes = 10u << 20;
    std::size_t max_stderr_bytes = 1u << 20;
    std::size_t max_messages = 100;
    std::size_t max_message_characters = 500'000;
    std::vector<std::string> redact;
    Features features;

    bool operator==(const Config&) const = default;
};

// Reads a configuration that satisfies the schema. Throws std::invalid_argument, which names the key, what was found
// and what was expected; no secret is in the text.
Config parse_config(std::string_view json);

}  // namespace sluice::claude_code
