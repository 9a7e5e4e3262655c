#include "config.hpp"

#include <simdjson.h>

#include <stdexcept>

namespace sluice::claude_code {
namespace {

using simdjson::dom::object;

// Members are read after the host has checked them against the schema: a missing one keeps its default.
void read(object root, const char* key, std::string& value) {
    std::string_view text;
    if (root[key].get(text) == simdjson::SUCCESS) value = text;
}

void read(object root, const char* key, bool& value) {
    bool flag = false;
    if (root[key].get(flag) == simdjson::SUCCESS) value = flag;
}

void read(object root, const char* key, std::size_t& value) {
    std::uint64_t number = 0;
    if (root[key].get(number) == simdjson::SUCCESS) value = number;
}

void read(object root, const char* key, std::chrono::milliseconds& value) {
    std::uint64_t number = 0;
    if (root[key].get(number) != simdjson::SUCCESS) return;
    value = std::chrono::milliseconds(static_cast<std::chrono::milliseconds::rep>(number));
}

void read_mib(object root, const char* key, std::uint64_t& bytes) {
    std::uint64_t number = 0;
    if (root[key].get(number) == simdjson::SUCCESS) bytes = number << 20;
}

// Environment variables and header lines are made of them.
void refuse_control_characters(const char* key, std::string_view text) {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) {
            throw std::invalid_argument(std::string(key) + ": found control characters, expected none");
        }
    }
}

void read_models(object root, Config& config) {
    object models;
    if (root["models"].get(models) != simdjson::SUCCESS) return;
    for (const auto [name, value] : models) {
        std::string_view model;
        if (value.get(model) != simdjson::SUCCESS) continue;
        if (model.starts_with('-')) {
            throw std::invalid_argument("models." + std::string(name) + ": found \"" + std::string(model) +
                                        "\", expected the name of a model");
        }
        config.models.emplace_back(name, model);
    }
}

void read_warm_processes(object root, Config& config) {
    object counts;
    if (root["warm_processes"].get(counts) != simdjson::SUCCESS) return;
    auto& warm = config.warm_processes.emplace();
    for (const auto [model, value] : counts) {
        std::uint64_t count = 0;
        if (value.get(count) == simdjson::SUCCESS) warm[std::string(model)] = count;
    }
}

void read_redact(object root, Config& config) {
    simdjson::dom::array texts;
    if (root["redact"].get(texts) != simdjson::SUCCESS) return;
    for (const auto value : texts) {
        std::string_view text;
        if (value.get(text) == simdjson::SUCCESS) config.redact.emplace_back(text);
    }
}

void read_features(object root, Features& features) {
    object switches;
    if (root["features"].get(switches) != simdjson::SUCCESS) return;
    read(switches, "sampling", features.has_sampling);
    read(switches, "reasoning_effort", features.has_reasoning_effort);
    read(switches, "images", features.has_images);
    read(switches, "response_format", features.has_json_schema);
    read(switches, "tools", features.has_tools);
}

void read_limits(object root, Config& config) {
    read(root, "max_processes", config.max_processes);
    read_mib(root, "max_process_memory_mib", config.max_process_memory_bytes);
    read_mib(root, "max_memory_mib", config.max_memory_bytes);
    read(root, "max_turns_per_process", config.max_turns_per_process);
    read(root, "max_output_bytes", config.max_output_bytes);
    read(root, "max_stderr_bytes", config.max_stderr_bytes);
    read(root, "max_messages", config.max_messages);
    read(root, "max_message_characters", config.max_message_characters);
}

void read_times(object root, Config& config) {
    read(root, "process_idle_ms", config.process_idle);
    read(root, "queue_timeout_ms", config.queue_timeout);
    read(root, "shutdown_ms", config.shutdown);
    read(root, "session_ttl_ms", config.session_ttl);
    read(root, "session_max_age_ms", config.session_max_age);
    read(root, "session_sweep_ms", config.session_sweep);
    read(root, "silence_ms", config.silence);
}

}  // namespace

Config parse_config(std::string_view json) {
    simdjson::dom::parser parser;
    object root;
    const simdjson::padded_string padded(json);
    if (parser.parse(padded).get(root) != simdjson::SUCCESS) {
        throw std::invalid_argument("the configuration is not a JSON object");
    }
    Config config;
    read(root, "cli_path", config.cli_path);
    read(root, "anthropic_api_key", config.anthropic_api_key);
    read(root, "oauth_token", config.oauth_token);
    read(root, "base_url", config.base_url);
    read(root, "default_model", config.default_model);
    read(root, "namespace", config.store_namespace);
    refuse_control_characters("cli_path", config.cli_path);
    refuse_control_characters("anthropic_api_key", config.anthropic_api_key);
    refuse_control_characters("oauth_token", config.oauth_token);
    refuse_control_characters("base_url", config.base_url);
    read_models(root, config);
    read_warm_processes(root, config);
    read_limits(root, config);
    read_times(root, config);
    read_redact(root, config);
    read_features(root, config.features);
    return config;
}

}  // namespace sluice::claude_code
