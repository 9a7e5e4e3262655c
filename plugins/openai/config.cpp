#include "config.hpp"

#include <simdjson.h>

#include "ascii_case.hpp"

namespace sluice::openai {
namespace {

using simdjson::dom::object;

// Members are read after the host has checked them against the schema: a missing one keeps its default.
std::string_view text_of(object root, const char* key) {
    std::string_view value;
    return root[key].get(value) == simdjson::SUCCESS ? value : std::string_view{};
}

bool flag_of(object root, const char* key, bool fallback) {
    bool value = fallback;
    return root[key].get(value) == simdjson::SUCCESS ? value : fallback;
}

std::uint64_t number_of(object root, const char* key, std::uint64_t fallback) {
    std::uint64_t value = fallback;
    return root[key].get(value) == simdjson::SUCCESS ? value : fallback;
}

std::chrono::milliseconds duration_of(object root, const char* key, std::chrono::milliseconds fallback) {
    const auto value = number_of(root, key, static_cast<std::uint64_t>(fallback.count()));
    return std::chrono::milliseconds(static_cast<std::chrono::milliseconds::rep>(value));
}

bool is_header_value(std::string_view text) {
    for (const char c : text) {
        if ((c < ' ' && c != '\t') || c == 0x7f) return false;
    }
    return true;
}

bool is_token(std::string_view text) {
    constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
    for (const char c : text) {
        const char lower = to_lower_ascii(c);
        const bool is_alphanumeric = (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
        if (!is_alphanumeric && kOthers.find(c) == std::string_view::npos) return false;
    }
    return !text.empty();
}

// Fields that the plugin writes itself; a second one would contradict it.
bool is_reserved_field(std::string_view name) {
    for (const std::string_view reserved : {"host", "content-length", "transfer-encoding", "connection", "keep-alive",
                                            "upgrade", "te", "trailer", "accept-encoding", "expect"}) {
        if (equals_ignoring_case(name, reserved)) return true;
    }
    return false;
}

bool read_headers(object root, Config& config, std::string& problem) {
    object fields;
    if (root["headers"].get(fields) != simdjson::SUCCESS) return true;
    for (const auto [name, value] : fields) {
        std::string_view text;
        if (value.get(text) != simdjson::SUCCESS) continue;
        if (!is_token(name) || is_reserved_field(name)) {
            problem = "headers." + std::string(name) + ": not a field that can be added to a request";
            return false;
        }
        if (!is_header_value(text)) {
            problem = "headers." + std::string(name) + ": the value holds control characters";
            return false;
        }
        config.headers.emplace_back(name, text);
    }
    return true;
}

bool add_key(std::string_view text, std::string name, Config& config, std::string& problem) {
    for (const char c : text) {
        if (c > ' ' && c < 0x7f) continue;
        problem = name + ": it holds blanks, control characters or characters beyond ASCII";
        return false;
    }
    // A key that is limited or refused must not be taken again under another name.
    for (const ServerKey& other : config.server_keys) {
        if (other.text != text) continue;
        problem = name + ": found the same key as in " + other.name + ", expected another one";
        return false;
    }
    config.server_keys.push_back({std::string(text), std::move(name)});
    return true;
}

bool read_keys(object root, Config& config, std::string& problem) {
    const std::string_view first = text_of(root, "api_key");
    if (!first.empty() && !add_key(first, "api_key", config, problem)) return false;
    simdjson::dom::array more;
    if (root["api_keys"].get(more) != simdjson::SUCCESS) return true;
    std::size_t index = 0;
    for (const auto entry : more) {
        std::string name = "api_keys[" + std::to_string(index++) + "]";
        std::string_view text;
        if (entry.get(text) != simdjson::SUCCESS || text.empty()) {
            problem = name + ": found no key, expected one";
            return false;
        }
        if (!add_key(text, std::move(name), config, problem)) return false;
    }
    return true;
}

bool read_addresses(object root, Config& config, std::string& problem) {
    std::string reason;
    std::string_view base = text_of(root, "base_url");
    if (base.empty()) base = "https://api.openai.com/v1";
    if (!parse_base_url(base, config.base_url, reason)) {
        problem = "base_url: " + reason;
        return false;
    }
    const std::string_view proxy = text_of(root, "proxy");
    if (proxy.empty()) return true;
    BaseUrl parsed;
    if (!parse_base_url(proxy, parsed, reason)) {
        problem = "proxy: " + reason;
        return false;
    }
    if (parsed.is_https) {
        problem = "proxy: only proxies that are spoken to in plain HTTP (http://...) are supported";
        return false;
    }
    const bool is_used =
        config.base_url.is_https && !is_excepted_from_proxy(config.base_url.host, text_of(root, "no_proxy"));
    if (is_used) config.proxy = std::move(parsed);
    return true;
}

Auth auth_of(object root) {
    const std::string_view auth = text_of(root, "auth");
    if (auth == "api-key") return Auth::kApiKey;
    return auth == "none" ? Auth::kNone : Auth::kBearer;
}

}  // namespace

bool parse_config(std::string_view json, Config& config, std::string& problem) {
    simdjson::dom::parser parser;
    object root;
    const simdjson::padded_string padded(json);
    if (parser.parse(padded).get(root) != simdjson::SUCCESS) {
        problem = "the configuration is not a JSON object";
        return false;
    }
    if (!read_addresses(root, config, problem) || !read_headers(root, config, problem)) return false;
    if (!read_keys(root, config, problem)) return false;
    config.auth = auth_of(root);
    config.is_enabled = flag_of(root, "enabled", config.is_enabled);
    config.allows_client_key = flag_of(root, "allow_client_key", config.allows_client_key);
    config.key_cooldown = duration_of(root, "key_cooldown_ms", config.key_cooldown);
    config.key_retry = duration_of(root, "key_retry_ms", config.key_retry);
    config.ca_file = text_of(root, "ca_file");
    config.warm_connections = number_of(root, "warm_connections", config.base_url.is_https ? 1 : 0);
    config.idle_timeout = duration_of(root, "idle_timeout_ms", config.idle_timeout);
    config.connect_timeout = duration_of(root, "connect_timeout_ms", config.connect_timeout);
    config.head_timeout = duration_of(root, "head_timeout_ms", config.head_timeout);
    config.max_answer_bytes = number_of(root, "max_answer_bytes", config.max_answer_bytes);
    return true;
}

bool is_excepted_from_proxy(std::string_view host, std::string_view no_proxy) {
    while (!no_proxy.empty()) {
        const auto comma = no_proxy.find(',');
        std::string_view entry = no_proxy.substr(0, comma);
        no_proxy = comma == std::string_view::npos ? std::string_view{} : no_proxy.substr(comma + 1);
        while (!entry.empty() && entry.front() == ' ') entry.remove_prefix(1);
        while (!entry.empty() && entry.back() == ' ') entry.remove_suffix(1);
        if (entry == "*") return true;
        while (!entry.empty() && entry.front() == '.') entry.remove_prefix(1);
        if (entry.empty() || entry.size() > host.size()) continue;
        std::string lower;
        for (const char c : entry) lower.push_back(to_lower_ascii(c));
        if (!equals_ignoring_case(host.substr(host.size() - lower.size()), lower)) continue;
        if (host.size() == lower.size() || host[host.size() - lower.size() - 1] == '.') return true;
    }
    return false;
}

}  // namespace sluice::openai
