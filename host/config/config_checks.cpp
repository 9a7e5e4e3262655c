#include "config/config_checks.hpp"

#include "config/address.hpp"
#include "config/document_path.hpp"
#include "config/value_description.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <string_view>

namespace sluice::config {
namespace {

constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kDigits = "0123456789";
constexpr std::size_t kMaxNameBytes = 64;

bool consists_of(std::string_view text, std::initializer_list<std::string_view> sets) {
    return std::all_of(text.begin(), text.end(), [&](char c) {
        return std::any_of(sets.begin(), sets.end(), [&](std::string_view set) { return set.find(c) != set.npos; });
    });
}

/// Instance names stand in headers, metric labels and file names.
bool is_instance_name(std::string_view name) {
    return !name.empty() && name.size() <= kMaxNameBytes && consists_of(name, {kLetters, kDigits, "._-"}) &&
           consists_of(name.substr(0, 1), {kLetters, kDigits});
}

/// sluice/ext/store.h, open().
bool is_namespace_name(std::string_view name) {
    return !name.empty() && name.size() <= kMaxNameBytes && consists_of(name, {kLetters.substr(0, 26), kDigits, "._-"});
}

/// A token of RFC 9110, section 5.6.2.
bool is_token(std::string_view name) {
    return !name.empty() && consists_of(name, {kLetters, kDigits, "!#$%&'*+-.^_`|~"});
}

/// A field value of visible ASCII, with blanks inside only.
bool is_field_value(std::string_view value) {
    const auto is_visible = [](char c) { return c > ' ' && c < '\x7f'; };
    if (value.empty() || !is_visible(value.front()) || !is_visible(value.back())) return false;
    return std::all_of(value.begin(), value.end(), [&](char c) { return is_visible(c) || c == ' '; });
}

/// `scheme://host` or `scheme://host:port`, as a browser sends it, or `*`.
bool is_origin(std::string_view origin) {
    if (origin == "*") return true;
    const std::size_t colon = origin.find("://");
    if (colon == std::string_view::npos || !consists_of(origin.substr(0, colon), {kLetters, kDigits, "+-."}))
        return false;
    const std::string_view authority = origin.substr(colon + 3);
    return colon > 0 && !authority.empty() && consists_of(authority, {kLetters, kDigits, ".-_:[]"});
}

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return result;
}

class Checker {
public:
    Checker(const Config& config, const Problems& earlier) : config_(config) {
        for (const Problem& problem : earlier) {
            if (problem.path == "backends") knows_backends_ = false;
            if (is_at_or_below(problem.path, "routes")) knows_routes_ = false;
        }
    }

    Problems check() {
        check_server();
        check_store();
        check_instances();
        check_request_headers();
        for (std::size_t at = 0; at < config_.routes.size(); ++at) check_route(at);
        if (knows_routes_) check_reachability();
        return std::move(problems_);
    }

private:
    /// An empty text is left to the schema, which knows where one is allowed.
    void expect(bool is_good, const std::string& path, const std::string& found, const std::string& expected) {
        if (!is_good && !found.empty())
            problems_.push_back({path, "found " + quoted(found) + ", expected " + expected});
    }

    void check_server() {
        expect(is_address(config_.server.host), "server.host", config_.server.host,
               "an IPv4 or IPv6 address such as 127.0.0.1 or ::1");
        const auto& proxies = config_.server.trusted_proxies;
        for (std::size_t at = 0; at < proxies.size(); ++at) {
            expect(is_address_block(proxies[at]), path_of_index("server.trusted_proxies", at), proxies[at],
                   "an address or a CIDR block such as 10.0.0.0/8");
        }
        // No index: the origins may have stood in one text with commas.
        for (const std::string& origin : config_.server.cors.allowed_origins) {
            expect(is_origin(origin), "server.cors.allowed_origins", origin,
                   "an origin such as https://app.example, or *");
        }
    }

    void check_store() {
        const bool has_redis = !config_.store.redis.host.empty();
        for (const auto& [name, kind] : config_.store.namespaces) {
            const std::string path = path_of_key("store.namespaces", name);
            expect(is_namespace_name(name), path, name,
                   "a name of 1 to 64 small letters, digits, \".\", \"_\" and \"-\"");
            if (kind == StoreKind::kRedis && !has_redis) {
                problems_.push_back({path, "found redis, but store.redis.host is empty; expected the server there"});
            }
        }
    }

    void check_instances() {
        for (const Backend& backend : config_.backends) {
            backend_names_.insert(backend.name);
            check_instance_name(backend.name, path_of_key("backends", backend.name));
        }
        for (std::size_t at = 0; at < config_.middleware.size(); ++at) {
            check_instance_name(config_.middleware[at].name, path_of_key(path_of_index("middleware", at), "name"));
        }
    }

    void check_instance_name(const std::string& name, const std::string& path) {
        expect(is_instance_name(name), path, name,
               "a name of 1 to 64 letters, digits, \".\", \"_\" and \"-\", the first a letter or digit");
        if (name.empty()) return;
        const auto [first, is_new] = name_paths_.emplace(name, path);
        if (!is_new)
            problems_.push_back(
                {path, "found " + quoted(name) + ", which " + first->second + " has too, expected a name of its own"});
    }

    void check_request_headers() {
        std::map<std::string, std::string> seen;
        for (const RequestHeader& header : config_.request_headers) {
            const std::string path = path_of_key("request_headers", header.name);
            expect(is_token(header.name), path, header.name, "the name of a header");
            const auto [first, is_new] = seen.emplace(lower(header.name), header.name);
            if (!is_new)
                problems_.push_back(
                    {path, "found the header " + quoted(first->second) + " again, expected once (names have no case)"});
            for (std::size_t at = 0; at < header.one_of.size(); ++at) {
                expect(is_field_value(header.one_of[at]), path_of_index(path_of_key(path, "one_of"), at),
                       header.one_of[at], "a value of visible ASCII characters");
            }
        }
    }

    void check_route(std::size_t at) {
        const Route& route = config_.routes[at];
        const std::string path = path_of_index("routes", at);
        if (route.target == RouteTarget::kBackend) check_targets(route, path);
        if (route.target != RouteTarget::kBackend) check_has_no_attempts(route, path);
        const std::string match = path_of_key(path, "match");
        if (route.match.path) {
            expect(route.match.path->find_first_of("/*") == 0, path_of_key(match, "path"), *route.match.path,
                   "a path that begins with / or *");
        }
        if (route.match.method) {
            const bool is_method = is_token(*route.match.method) && lower(*route.match.method) != *route.match.method &&
                                   consists_of(*route.match.method, {kLetters.substr(26), "-"});
            expect(is_method, path_of_key(match, "method"), *route.match.method, "a method in capitals such as POST");
        }
        if (route.match.attribute) {
            expect(is_token(route.match.attribute->name), path_of_key(path_of_key(match, "attribute"), "name"),
                   route.match.attribute->name, "the name of an attribute, such as key.id");
        }
        if (route.match.header) {
            expect(is_token(route.match.header->name), path_of_key(path_of_key(match, "header"), "name"),
                   route.match.header->name, "the name of a header");
        }
        if (route.target == RouteTarget::kError && !route.error.mode.empty()) {
            expect(is_field_value(route.error.mode), path_of_key(path_of_key(path, "error"), "mode"), route.error.mode,
                   "a value of visible ASCII characters");
        }
    }

    void check_targets(const Route& route, const std::string& path) {
        if (route.is_plain) {
            check_backend(route.targets.front().backend, path_of_key(path, "backend"));
        } else {
            check_each(route.targets, path_of_key(path, "targets"));
            const bool has_weight = std::any_of(route.targets.begin(), route.targets.end(),
                                                [](const Target& target) { return target.weight > 0; });
            if (!has_weight && !route.targets.empty()) {
                problems_.push_back({path_of_key(path, "targets"), "found weight 0 everywhere, expected one above it"});
            }
        }
        check_each(route.fallbacks, path_of_key(path, "fallbacks"));
        check_failures(route.retry.on, path_of_key(path_of_key(path, "retry"), "on"));
        if (route.retry.max_backoff < route.retry.backoff) {
            problems_.push_back({path_of_key(path_of_key(path, "retry"), "max_backoff_ms"),
                                 "found " + std::to_string(route.retry.max_backoff.count()) +
                                     ", expected at least backoff_ms, which is " +
                                     std::to_string(route.retry.backoff.count())});
        }
        expect(is_token(route.sticky_header), path_of_key(path, "sticky_header"), route.sticky_header,
               "the name of a header");
    }

    void check_each(const std::vector<Target>& targets, const std::string& path) {
        for (std::size_t at = 0; at < targets.size(); ++at) {
            check_backend(targets[at].backend, path_of_key(path_of_index(path, at), "backend"));
            check_failures(targets[at].on, path_of_key(path_of_index(path, at), "on"));
        }
    }

    void check_failures(const std::vector<std::string>& words, const std::string& path) {
        for (std::size_t at = 0; at < words.size(); ++at) {
            const std::string& word = words[at];
            const bool is_status = word.size() == 3 && consists_of(word, {kDigits}) && word >= "400" && word <= "599";
            const bool is_code = word.starts_with("code:") && word.size() > 5;
            const bool is_kind = std::find(kFailureWords.begin(), kFailureWords.end(), word) != kFailureWords.end();
            expect(is_status || is_code || is_kind, path_of_index(path, at), word,
                   "one of " + comma_list({kFailureWords.begin(), kFailureWords.end()}) +
                       ", a status from 400 to 599, or code: and the code of an error");
        }
    }

    /// Only what has targets can try another one.
    void check_has_no_attempts(const Route& route, const std::string& path) {
        Route bare = route;
        bare.retry = {};
        bare.fallbacks.clear();
        bare.on_cut = OnCut::kError;
        bare.breaker.reset();
        bare.sticky_header.clear();
        bare.balance = Balance::kWeighted;
        if (bare == route) return;
        problems_.push_back({path,
                             "found retry, fallbacks, breaker, balance, sticky_header or on_cut, expected them only "
                             "with backend or targets"});
    }

    void check_backend(const std::string& name, const std::string& path) {
        if (!knows_backends_) return;
        if (name.empty() || backend_names_.count(name) > 0) return;
        std::vector<std::string> known;
        for (const Backend& backend : config_.backends) known.push_back(backend.name);
        problems_.push_back({path, "no plugin instance " + quoted(name) + known_list(known)});
    }

    /// A route behind one that matches everything is a mistake in the order: it would never be used.
    void check_reachability() {
        const auto matches_all = [](const Route& route) { return route.match == RouteMatch(); };
        const auto first = std::find_if(config_.routes.begin(), config_.routes.end(), matches_all);
        const auto at = static_cast<std::size_t>(first - config_.routes.begin());
        if (at + 1 >= config_.routes.size()) return;
        problems_.push_back(
            {path_of_index("routes", at + 1), "never reached, because " + path_of_index("routes", at) +
                                                  " matches every request; expected that one to be the last"});
    }

    const Config& config_;
    bool knows_backends_ = true;
    bool knows_routes_ = true;
    Problems problems_;
    std::set<std::string> backend_names_;
    std::map<std::string, std::string> name_paths_;  ///< of all instances
};

}  // namespace

Problems check_config(const Config& config, const Problems& earlier) { return Checker(config, earlier).check(); }

}  // namespace sluice::config
