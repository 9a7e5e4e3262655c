#include "routing/router.hpp"

#include <algorithm>

#include "http/ascii_case.hpp"
#include "routing/glob.hpp"

namespace sluice::routing {

namespace {

std::uint64_t nanoseconds(std::chrono::milliseconds time) {
    return static_cast<std::uint64_t>(std::chrono::nanoseconds(time).count());
}

Deadlines deadlines_of(const config::RouteTimeouts& timeouts, const config::Timeouts& server) {
    auto request = timeouts.request.value_or(server.request);
    return {nanoseconds(request), nanoseconds(timeouts.first_event.value_or(request)),
            nanoseconds(timeouts.event_gap.value_or(request)),
            nanoseconds(timeouts.head.value_or(std::chrono::milliseconds(0)))};
}

bool contains(const std::vector<std::string>& values, std::string_view value) {
    return std::any_of(values.begin(), values.end(),
                       [&](const std::string& known) { return http::equals_ignoring_case(known, value); });
}

bool matches_header(const config::ValueMatch& match, const http::Request& request) {
    std::size_t lines = request.header_lines(match.name);
    if (match.test == config::ValueTest::kPresent) return (lines > 0) == match.is_present;
    return lines > 0 && contains(match.values, request.header(match.name));
}

bool matches_attribute(const config::ValueMatch& match, const http::Attributes& attributes) {
    std::string_view value = attributes.find(match.name);
    if (match.test == config::ValueTest::kPresent) return !value.empty() == match.is_present;
    return !value.empty() && contains(match.values, value);
}

bool matches(const config::RouteMatch& match, const http::Request& request, const http::Attributes& attributes) {
    if (match.header && !matches_header(*match.header, request)) return false;
    if (match.attribute && !matches_attribute(*match.attribute, attributes)) return false;
    if (match.path && !matches_glob(*match.path, request.path)) return false;
    if (match.method && *match.method != request.method) return false;
    return !match.model || matches_glob(*match.model, request.model);
}

std::string listing_of(const std::vector<std::string>& values) {
    std::string text;
    for (const std::string& value : values) text += (text.empty() ? "" : ", ") + value;
    return text;
}

}  // namespace

Router::Router(const config::Config& config, const ModelCatalog::Backends& backends,
               std::shared_ptr<ModelCatalog> catalog, const Router* predecessor)
    : request_headers_(config.request_headers), index_(config.routes), catalog_(std::move(catalog)) {
    HealthByName known;
    if (predecessor) known = predecessor->health_;
    auto by_name = [&](const std::string& name) {
        auto found = std::find_if(backends.begin(), backends.end(), [&](auto& each) { return each->name() == name; });
        return found == backends.end() ? nullptr : found->get();
    };
    for (const config::Route& route : config.routes) {
        Rule rule;
        rule.match = route.match;
        rule.asks_catalog = route.target == config::RouteTarget::kListedModel || route.match.listed_model;
        rule.target.label = "routes[" + std::to_string(rules_.size()) + "]";
        rule.target.injects_usage = route.injects_usage;
        rule.target.deadlines = deadlines_of(route.timeouts, config.server.timeouts);
        if (has_policy(route)) {
            rule.policy = make_policy(route, rule.target, backends, known);
            rule.target.policy = rule.policy.get();
        } else if (route.target == config::RouteTarget::kBackend) {
            rule.target.backend = by_name(route.targets.front().backend);
            rule.target.mode = route.targets.front().backend;
        } else if (route.target == config::RouteTarget::kError) {
            rule.target.mode = route.error.mode;
            rule.target.error = http::WireError::of(route.error.code, route.error.message);
        }
        if (route.target == config::RouteTarget::kListedModel) add_lister_targets(rule, backends);
        rules_.push_back(std::move(rule));
    }
    // Of those that nobody names any more nothing need be known.
    for (const Rule& rule : rules_) {
        if (!rule.policy) continue;
        for (const PolicyTarget& each : rule.policy->targets) health_[each.name] = each.health;
        for (const PolicyTarget& each : rule.policy->fallbacks) health_[each.name] = each.health;
    }
    no_route_.label = "none";
    no_route_.error = http::WireError::of("backend_unavailable", "No route of this gateway takes this request.");
}

void Router::publish(observability::Metrics& metrics) {
    for (auto& [name, health] : health_) {
        // Of a target that an earlier generation had, too, the series go on.
        if (!health->metrics) health->metrics = std::make_unique<TargetMetrics>(metrics, name);
    }
}

void Router::add_lister_targets(Rule& rule, const ModelCatalog::Backends& backends) {
    for (const auto& backend : backends) {
        Target target = rule.target;
        target.backend = backend.get();
        target.mode = backend->name();
        rule.lister_targets.push_back(std::move(target));
    }
}

std::optional<http::WireError> Router::check_headers(const http::Request& request) const {
    for (const config::RequestHeader& rule : request_headers_) {
        std::string_view first;
        bool has_first = false;
        for (const sluice_header& field : request.headers) {
            if (!http::equals_ignoring_case(http::view(field.name), rule.name)) continue;
            std::string_view value = http::view(field.value);
            bool is_repeated_differently = has_first && !http::equals_ignoring_case(first, value);
            if (contains(rule.one_of, value) && !is_repeated_differently) {
                first = value;
                has_first = true;
                continue;
            }
            std::string message = rule.name + ": found \"" + std::string(value) + "\"" +
                                  (is_repeated_differently ? " after \"" + std::string(first) + "\"" : "") +
                                  ", expected one of: " + listing_of(rule.one_of) + ".";
            return http::WireError::of("invalid_header_value", std::move(message), rule.name);
        }
    }
    return std::nullopt;
}

/// The target of a rule that matches, or null where the rule leaves the request to the next one.
const Target* Router::target_of(const Rule& rule, const http::Request& request) const {
    if (!rule.asks_catalog) return &rule.target;
    const auto* lister = request.model.empty() ? nullptr : catalog_->only_backend_of(request.model);
    if (!lister) return nullptr;
    if (rule.target.backend || rule.target.error || rule.target.policy) return &rule.target;
    for (const Target& target : rule.lister_targets) {
        if (target.backend == lister) return &target;
    }
    return nullptr;
}

const Target& Router::route(const http::Request& request, const http::Attributes& attributes) const {
    const Target* found = nullptr;
    index_.visit(request, attributes, [&](std::uint32_t index) {
        const Rule& rule = rules_[index];
        if (matches(rule.match, request, attributes)) found = target_of(rule, request);
        return found != nullptr;
    });
    return found ? *found : no_route_;
}

std::optional<KnownTarget> Router::find(const TargetHealth& health) const {
    for (const Rule& rule : rules_) {
        if (!rule.policy) continue;
        for (const auto* targets : {&rule.policy->targets, &rule.policy->fallbacks}) {
            for (const PolicyTarget& each : *targets) {
                if (each.health.get() == &health) return KnownTarget{&each, rule.policy.get()};
            }
        }
    }
    return std::nullopt;
}

}  // namespace sluice::routing
