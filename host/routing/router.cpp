#include "routing/router.hpp"

#include <algorithm>

#include "http/ascii_case.hpp"

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
            if (http::contains_ignoring_case(rule.one_of, value) && !is_repeated_differently) {
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

/// The target of a rule whose other conditions are met, or null where the rule leaves the request to the next one.
const Target* Router::listed_target(const Rule& rule, const http::Request& request,
                                    ModelCatalog::Freshness freshness) const {
    if (request.model.empty() || !catalog_) return nullptr;
    const auto* lister = catalog_->only_backend_of(request.model, freshness);
    if (!lister) return nullptr;
    if (rule.target.backend || rule.target.error || rule.target.policy) return &rule.target;
    for (const Target& target : rule.lister_targets) {
        if (target.backend == lister) return &target;
    }
    return nullptr;
}

Router::Verdict Router::judge(const Rule& rule, const http::Request& request, const http::Attributes& attributes,
                              ModelCatalog::Freshness freshness) const {
    if (const Condition unmet = first_unmet(rule.match, request, attributes); unmet != Condition::kNone) {
        return {nullptr, unmet};
    }
    if (!rule.asks_catalog) return {&rule.target, Condition::kNone};
    const Target* target = listed_target(rule, request, freshness);
    return {target, target ? Condition::kNone : Condition::kListedModel};
}

Router::Found Router::find(const http::Request& request, const http::Attributes& attributes,
                           ModelCatalog::Freshness freshness) const {
    Found found;
    index_.visit(request, attributes, [&](std::uint32_t index) {
        found = {judge(rules_[index], request, attributes, freshness).target, index};
        return found.target != nullptr;
    });
    return found;
}

const Target& Router::route(const http::Request& request, const http::Attributes& attributes) const {
    const Target* found = find(request, attributes, ModelCatalog::Freshness::kRefreshed).target;
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
