// Limits of a key, as the configuration and records of keys write them: {"requests": 100, "window_ms": 60000, ...}.
#pragma once

#include <simdjson.h>

#include <string>

#include "sluice/cpp/key_limits.hpp"

namespace sluice::auth {

inline constexpr std::int64_t kDefaultWindowMs = 60000;

inline KeyLimits read_limits(simdjson::dom::object from) {
    const auto number = [from](const char* name, std::int64_t fallback) {
        std::int64_t value = fallback;
        return from[name].get(value) == simdjson::SUCCESS ? value : fallback;
    };
    const auto window = [&number](const char* count_name, const char* window_name) {
        return KeyLimits::Window{number(count_name, 0),
                                 std::chrono::milliseconds(number(window_name, kDefaultWindowMs))};
    };
    KeyLimits limits;
    if (const auto requests = window("requests", "window_ms"); requests.count > 0) limits.requests = requests;
    if (const std::int64_t concurrent = number("concurrent", 0); concurrent > 0) limits.concurrent = concurrent;
    if (const auto tokens = window("tokens", "tokens_window_ms"); tokens.count > 0) limits.tokens = tokens;
    return limits;
}

inline std::string limits_json(const KeyLimits& limits) {
    std::string json;
    const auto add = [&json](const char* name, std::int64_t value) {
        json += (json.empty() ? "{\"" : ",\"") + std::string(name) + "\":" + std::to_string(value);
    };
    if (limits.requests) {
        add("requests", limits.requests->count);
        add("window_ms", limits.requests->window.count());
    }
    if (limits.concurrent) add("concurrent", *limits.concurrent);
    if (limits.tokens) {
        add("tokens", limits.tokens->count);
        add("tokens_window_ms", limits.tokens->window.count());
    }
    return json.empty() ? "{}" : json + "}";
}

}  // namespace sluice::auth
