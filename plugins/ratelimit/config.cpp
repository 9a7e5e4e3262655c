#include "config.hpp"

#include <simdjson.h>

#include <sluice/cpp/error.hpp>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <optional>

namespace sluice::ratelimit {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;
using std::chrono::milliseconds;

constexpr std::int64_t kDefaultWindowMs = 60'000;
constexpr std::int64_t kDefaultLeaseMs = 30'000;

[[noreturn]] void refuse_config(const std::string& path, const std::string& problem) {
    throw Error("internal_error", path + ": " + problem);
}

bool has(object fields, std::string_view name) { return fields[name].error() == simdjson::SUCCESS; }

std::int64_t number_of(object fields, std::string_view name, std::int64_t fallback) {
    std::int64_t value = fallback;
    return fields[name].get(value) == simdjson::SUCCESS ? value : fallback;
}

std::optional<double> rate_of(object fields, std::string_view name) {
    double value = 0;
    return fields[name].get(value) == simdjson::SUCCESS ? std::optional<double>(value) : std::nullopt;
}

std::string_view text_of(object fields, std::string_view name, std::string_view fallback) {
    std::string_view value = fallback;
    return fields[name].get(value) == simdjson::SUCCESS ? value : fallback;
}

Subject subject_of(std::string_view name) {
    if (name == "address") return Subject::kAddress;
    if (name == "key") return Subject::kKey;
    if (name == "session") return Subject::kSession;
    return name == "model" ? Subject::kModel : Subject::kGlobal;
}

// 10 as "10", 0.5 as "0.5".
std::string rate_text(double rate) {
    std::string text = std::to_string(rate);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
    return text;
}

void read_bucket(object fields, const std::string& path, Limit& limit) {
    const std::optional<double> per_second = rate_of(fields, "per_second");
    const std::optional<double> per_minute = rate_of(fields, "per_minute");
    if (per_second.has_value() == per_minute.has_value()) {
        refuse_config(path + ".bucket", std::string("found ") + (per_second ? "both" : "neither") +
                                            " of per_second and per_minute, expected one of them");
    }
    const double rate = per_second.value_or(per_minute.value_or(0));
    if (rate <= 0) return;
    const double time_us = (per_second ? 1e6 : 60e6) / rate;
    limit.measure.time = std::chrono::microseconds(std::max<std::int64_t>(1, std::llround(time_us)));
    limit.measure.count = number_of(fields, "burst", std::max<std::int64_t>(1, std::llround(std::ceil(rate))));
    limit.rate =
        rate_text(rate) + (rate == 1 ? " request" : " requests") + (per_second ? " per second" : " per minute");
}

Kind kind_of(object fields, const std::string& path) {
    constexpr std::pair<std::string_view, Kind> kKinds[] = {{"requests", Kind::kRequests},
                                                            {"bucket", Kind::kBucket},
                                                            {"concurrent", Kind::kConcurrent},
                                                            {"tokens", Kind::kTokens}};
    std::optional<Kind> kind;
    std::string found;
    for (const auto& [name, each] : kKinds) {
        if (!has(fields, name)) continue;
        found += (found.empty() ? "" : " and ") + std::string(name);
        if (kind) refuse_config(path, "found " + found + ", expected one of them");
        kind = each;
    }
    if (!kind) refuse_config(path, "found no limit, expected one of requests, bucket, concurrent and tokens");
    return *kind;
}

void refuse_strangers(object fields, const std::string& path, std::initializer_list<std::string_view> names,
                      std::string_view owners) {
    for (const std::string_view name : names) {
        if (has(fields, name)) {
            refuse_config(path, "found " + std::string(name) + ", expected it only beside " + std::string(owners));
        }
    }
}

void read_measure(object fields, const std::string& path, Limit& limit) {
    const bool has_window = limit.kind == Kind::kRequests || limit.kind == Kind::kTokens;
    if (!has_window) refuse_strangers(fields, path, {"window_ms"}, "requests or tokens");
    if (limit.kind != Kind::kConcurrent) {
        refuse_strangers(fields, path, {"queue_ms", "queue_length", "lease_ms"}, "concurrent");
    }
    if (has_window) {
        limit.measure.count = number_of(fields, limit.kind == Kind::kRequests ? "requests" : "tokens", 0);
        limit.measure.time = milliseconds(number_of(fields, "window_ms", kDefaultWindowMs));
    } else if (limit.kind == Kind::kConcurrent) {
        limit.measure.count = number_of(fields, "concurrent", 0);
        limit.measure.time = milliseconds(number_of(fields, "lease_ms", kDefaultLeaseMs));
        limit.queue_time = milliseconds(number_of(fields, "queue_ms", 0));
        limit.queue_length = static_cast<std::size_t>(number_of(fields, "queue_length", 100));
    } else {
        object bucket;
        if (fields["bucket"].get(bucket) == simdjson::SUCCESS) read_bucket(bucket, path, limit);
    }
}

Limit read_limit(object fields, const std::string& path) {
    Limit limit;
    limit.subject = subject_of(text_of(fields, "per", "global"));
    limit.kind = kind_of(fields, path);
    read_measure(fields, path, limit);
    simdjson::dom::array patterns;
    if (fields["models"].get(patterns) == simdjson::SUCCESS) {
        for (const element pattern : patterns) {
            std::string_view text;
            if (pattern.get(text) == simdjson::SUCCESS) limit.models.emplace_back(text);
        }
    }
    return limit;
}

// Two limits that count the same would count every request twice.
void compare_with_earlier(Limit& limit, const std::vector<Limit>& earlier, const std::string& path) {
    for (std::size_t i = 0; i < earlier.size(); ++i) {
        if (earlier[i].name() == limit.name()) {
            refuse_config(path, "found the kind, subject and window of limits[" + std::to_string(i) +
                                    "] again, expected one limit of each");
        }
        if (earlier[i].name_before_time() == limit.name_before_time() && earlier[i].models == limit.models) {
            limit.is_repeated = true;
        }
    }
}

}  // namespace

Config parse_config(std::string_view json) {
    simdjson::dom::parser parser;
    object root;
    const simdjson::padded_string padded(json);
    if (parser.parse(padded).get(root) != simdjson::SUCCESS) {
        throw Error("internal_error", "the configuration is not a JSON object");
    }
    Config config;
    config.store_namespace = text_of(root, "namespace", config.store_namespace);
    config.refuses_when_store_fails = text_of(root, "when_store_fails", "allow") == "refuse";
    config.ipv6_prefix_bits = static_cast<unsigned>(number_of(root, "ipv6_prefix", config.ipv6_prefix_bits));
    config.default_completion_tokens = number_of(root, "default_completion_tokens", 0);
    simdjson::dom::array limits;
    if (root["limits"].get(limits) != simdjson::SUCCESS) return config;
    for (const element each : limits) {
        const std::string path = "limits[" + std::to_string(config.limits.size()) + "]";
        object fields;
        if (each.get(fields) != simdjson::SUCCESS) refuse_config(path, "expected an object");
        Limit limit = read_limit(fields, path);
        compare_with_earlier(limit, config.limits, path);
        config.limits.push_back(std::move(limit));
    }
    return config;
}

}  // namespace sluice::ratelimit
