#include "config/route_reader.hpp"

#include "config/document_path.hpp"
#include "config/section_reader.hpp"
#include "config/value_description.hpp"

#include <string>

namespace sluice::config {
namespace {

/// Which of `keys` a section has; reports when it is not exactly one.
std::string only_key(const SectionReader& section, const std::vector<std::string>& keys, const std::string& path,
                     Problems& problems) {
    std::vector<std::string> found;
    for (const std::string& key : keys) {
        if (section.has(key)) found.push_back(key);
    }
    if (found.size() == 1) return found.front();
    problems.push_back({path, "found " + (found.empty() ? "none" : comma_list(found)) + ", expected exactly one of " +
                                  comma_list(keys)});
    return "";
}

ValueMatch read_value_match(const SectionReader& section, const std::string& path, Problems& problems) {
    ValueMatch match;
    section.read("name", match.name);
    const std::string test = only_key(section, {"in", "present", "equals"}, path, problems);
    if (test == "in") {
        match.test = ValueTest::kIn;
        section.read("in", match.values);
    } else if (test == "equals") {
        match.test = ValueTest::kEquals;
        match.values.resize(1);
        section.read("equals", match.values.front());
    } else {
        section.read("present", match.is_present);
    }
    return match;
}

RouteMatch read_match(const SectionReader& section, const std::string& path, Problems& problems) {
    RouteMatch match;
    section.read("path", match.path);
    section.read("method", match.method);
    section.read("model", match.model);
    section.read("listed_model", match.listed_model);
    if (section.has("header")) {
        match.header = read_value_match(section.section("header"), path_of_key(path, "header"), problems);
    }
    if (section.has("attribute")) {
        match.attribute = read_value_match(section.section("attribute"), path_of_key(path, "attribute"), problems);
    }
    return match;
}

RouteTimeouts read_timeouts(const SectionReader& section) {
    RouteTimeouts timeouts;
    section.read("request_ms", timeouts.request);
    section.read("head_ms", timeouts.head);
    section.read("first_event_ms", timeouts.first_event);
    section.read("event_gap_ms", timeouts.event_gap);
    return timeouts;
}

std::vector<Target> read_targets(const std::vector<JsonValue>& items) {
    std::vector<Target> targets;
    for (const JsonValue& item : items) {
        const SectionReader section(item);
        Target& target = targets.emplace_back();
        section.read("backend", target.backend);
        section.read("model", target.model);
        section.read("weight", target.weight);
        section.read("max_concurrent", target.max_concurrent);
        section.read("on", target.on);
        target.timeouts = read_timeouts(section.section("timeouts"));
    }
    return targets;
}

/// Reads what a route does: exactly one of its targets.
void read_target(const SectionReader& section, const std::string& path, Route& route, Problems& problems) {
    std::vector<std::string> found;
    for (const char* key : {"backend", "targets", "error"}) {
        if (section.has(key)) found.emplace_back(key);
    }
    if (route.match.listed_model) found.push_back("match.listed_model");
    if (found.size() != 1) {
        problems.push_back({path, "found " + (found.empty() ? "no target" : comma_list(found)) +
                                      ", expected exactly one of backend, targets, error, match.listed_model"});
        return;
    }
    if (route.match.listed_model) route.target = RouteTarget::kListedModel;
    if (section.has("error")) route.target = RouteTarget::kError;
    route.targets = read_targets(section.items("targets"));
    route.is_plain = section.has("backend");
    if (route.is_plain) section.read("backend", route.targets.emplace_back().backend);
    const SectionReader error = section.section("error");
    error.read("code", route.error.code);
    error.read("message", route.error.message);
    error.read("mode", route.error.mode);
}

Retry read_retry(const SectionReader& section) {
    Retry retry;
    section.read("attempts", retry.attempts);
    section.read("backoff_ms", retry.backoff);
    section.read("max_backoff_ms", retry.max_backoff);
    section.read("max_retry_after_ms", retry.max_retry_after);
    section.read("budget_percent", retry.budget_percent);
    section.read("on", retry.on);
    return retry;
}

Breaker read_breaker(const SectionReader& section) {
    Breaker breaker;
    section.read("enabled", breaker.is_enabled);
    section.read("failure_percent", breaker.failure_percent);
    section.read("min_calls", breaker.min_calls);
    section.read("window_ms", breaker.window);
    section.read("open_ms", breaker.open);
    section.read("slow_ms", breaker.slow);
    section.read("slow_percent", breaker.slow_percent);
    section.read("check_ms", breaker.check);
    return breaker;
}

/// What happens when a target fails, and how one is chosen.
void read_attempts(const SectionReader& section, Route& route) {
    section.read(
        "balance", route.balance,
        {{"weighted", Balance::kWeighted}, {"least_busy", Balance::kLeastBusy}, {"fastest", Balance::kFastest}});
    section.read("sticky_header", route.sticky_header);
    section.read("on_cut", route.on_cut,
                 {{"error", OnCut::kError}, {"restart", OnCut::kRestart}, {"hold", OnCut::kHold}});
    section.read("hold_bytes", route.hold_bytes);
    section.read("hold_ms", route.hold);
    route.retry = read_retry(section.section("retry"));
    route.fallbacks = read_targets(section.items("fallbacks"));
    if (section.has("breaker")) route.breaker = read_breaker(section.section("breaker"));
}

Route read_route(const SectionReader& section, const std::string& path, Problems& problems) {
    Route route;
    route.match = read_match(section.section("match"), path_of_key(path, "match"), problems);
    read_target(section, path, route, problems);
    read_attempts(section, route);
    std::string usage;
    section.read("usage", usage);
    route.injects_usage = usage == "inject";
    route.timeouts = read_timeouts(section.section("timeouts"));
    return route;
}

}  // namespace

std::vector<Route> read_routes(const std::vector<JsonValue>& items, Problems& problems) {
    std::vector<Route> routes;
    for (const JsonValue& item : items) {
        routes.push_back(read_route(SectionReader(item), path_of_index("routes", routes.size()), problems));
    }
    return routes;
}

}  // namespace sluice::config
