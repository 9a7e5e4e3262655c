#include "config.hpp"

#include <simdjson.h>

#include <algorithm>
#include <unordered_set>

#include "identity/authorization.hpp"
#include "keys/key_record.hpp"
#include "keys/limits_json.hpp"
#include "keys/moment.hpp"
#include "keys/name_text.hpp"
#include "sluice/cpp/error.hpp"

namespace sluice::auth {
namespace {

using simdjson::dom::object;
using KeySet = std::unordered_set<std::string>;

constexpr std::size_t kMinHashKeyBytes = 32;

[[noreturn]] void refuse(const std::string& option, const std::string& problem) {
    throw Error("internal_error", option + ": " + problem);
}

// Members are read after the host has checked them against the schema: a missing one keeps its default.
std::string_view text_option(object root, const char* name) {
    std::string_view value;
    return root[name].get(value) == simdjson::SUCCESS ? value : std::string_view{};
}

std::int64_t number_option(object root, const char* name, std::int64_t fallback) {
    std::int64_t value = fallback;
    return root[name].get(value) == simdjson::SUCCESS ? value : fallback;
}

std::string_view without_blanks_around(std::string_view text) {
    constexpr std::string_view kBlanks = " \t\r\n";
    const std::size_t begin = text.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

std::string checked_key(const std::string& option, std::string_view key) {
    if (!is_key_text(key)) {
        refuse(option,
               "expected a key of 1 to 8192 printable ASCII characters without blanks, found other characters "
               "or a longer one");
    }
    return std::string(key);
}

void add_plain_key(Config& config, KeySet& seen, const std::string& option, std::string_view text) {
    const std::string_view key = without_blanks_around(text);
    if (key.empty() || !seen.emplace(key).second) return;
    ConfiguredKey added;
    added.key = checked_key(option, key);
    config.keys.push_back(std::move(added));
}

void read_plain_keys(object root, Config& config, KeySet& seen) {
    add_plain_key(config, seen, "api_key", text_option(root, "api_key"));
    std::string_view list = text_option(root, "api_keys");
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        add_plain_key(config, seen, "api_keys", list.substr(0, comma));
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
}

std::string checked_name(object from, const std::string& place, const char* name) {
    const std::string_view text = text_option(from, name);
    if (!text.empty() && !is_name_text(text)) {
        refuse(place + "." + name, "expected at most 200 characters without control characters, found others");
    }
    return std::string(text);
}

std::vector<std::string> list_option(object from, const char* name) {
    std::vector<std::string> list;
    simdjson::dom::array entries;
    if (from[name].get(entries) != simdjson::SUCCESS) return list;
    for (const auto entry : entries) {
        std::string_view text;
        if (entry.get(text) == simdjson::SUCCESS) list.emplace_back(text);
    }
    return list;
}

void check_models(const std::vector<std::string>& models, const std::string& place) {
    const std::size_t total = joined_patterns(models).size();
    if (total <= kMaxAttributeBytes) return;
    refuse(place + ".models", "expected at most 1024 bytes in all, with a comma between two, found " +
                                  std::to_string(total) + ". A * may stand for several");
}

ConfiguredKey read_named_key(object from, const std::string& place) {
    ConfiguredKey key;
    key.key = checked_key(place + ".key", without_blanks_around(text_option(from, "key")));
    key.name = checked_name(from, place, "name");
    key.owner = checked_name(from, place, "owner");
    key.models = list_option(from, "models");
    check_models(key.models, place);
    key.routes = list_option(from, "routes");
    object limits;
    if (from["limits"].get(limits) == simdjson::SUCCESS) key.limits = read_limits(limits);
    const std::string_view expires = text_option(from, "expires");
    if (expires.empty()) return key;
    const auto moment = parse_moment(expires);
    if (!moment) {
        refuse(place + ".expires", "expected a day (2027-01-31) or a moment (2027-01-31T12:00:00Z), found \"" +
                                       std::string(expires) + "\"");
    }
    key.expires = *moment;
    return key;
}

void read_named_keys(object root, Config& config, KeySet& seen) {
    simdjson::dom::array entries;
    if (root["keys"].get(entries) != simdjson::SUCCESS) return;
    std::size_t index = 0;
    for (const auto entry : entries) {
        const std::string place = "keys[" + std::to_string(index++) + "]";
        object from;
        if (entry.get(from) != simdjson::SUCCESS) continue;
        ConfiguredKey key = read_named_key(from, place);
        if (!seen.insert(key.key).second) refuse(place + ".key", "the same key stands before it in keys");
        config.keys.push_back(std::move(key));
    }
}

void read_switches(object root, Config& config) {
    bool is_managed = config.is_managed;
    if (root["managed"].get(is_managed) == simdjson::SUCCESS) config.is_managed = is_managed;
    if (const auto space = text_option(root, "namespace"); !space.empty()) config.space = space;
    const std::string_view require = text_option(root, "require");
    if (require == "always") config.require = Require::kAlways;
    if (require == "never") config.require = Require::kNever;
    const std::string_view audit = text_option(root, "audit");
    if (audit == "off") config.audit = Audit::kOff;
    if (audit == "all") config.audit = Audit::kAll;
}

}  // namespace

Config parse_config(std::string_view json) {
    simdjson::dom::parser parser;
    object root;
    const simdjson::padded_string padded(json);
    if (parser.parse(padded).get(root) != simdjson::SUCCESS) {
        throw Error("internal_error", "expected a JSON object as the configuration, found something else");
    }
    Config config;
    // Those with settings first: where a key is given twice, the settings count.
    KeySet seen;
    read_named_keys(root, config, seen);
    read_plain_keys(root, config, seen);
    read_switches(root, config);
    config.hash_key = text_option(root, "hash_key");
    if (!config.hash_key.empty() && config.hash_key.size() < kMinHashKeyBytes) {
        refuse("hash_key", "expected at least 32 characters, found " + std::to_string(config.hash_key.size()));
    }
    config.trusted = std::chrono::milliseconds(number_option(root, "cache_ms", config.trusted.count()));
    config.stale = std::chrono::milliseconds(number_option(root, "stale_ms", config.stale.count()));
    config.max_known_keys = static_cast<std::size_t>(
        number_option(root, "max_known_keys", static_cast<std::int64_t>(config.max_known_keys)));
    object jwt;
    if (root["jwt"].get(jwt) == simdjson::SUCCESS) config.jwt_json = simdjson::minify(jwt);
    return config;
}

}  // namespace sluice::auth
