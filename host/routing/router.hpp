#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "http/attributes.hpp"
#include "http/error_table.hpp"
#include "http/request.hpp"
#include "routing/model_catalog.hpp"
#include "routing/route_condition.hpp"
#include "routing/route_policy.hpp"
#include "routing/rule_index.hpp"
#include "routing/target.hpp"

namespace sluice::routing {

struct KnownTarget {
    const PolicyTarget* target;
    const RoutePolicy* policy;
};

struct RouteExplanation;

/// The routes of one generation: first match wins. Immutable.
class Router {
public:
    /// `config` passed the checks of the loader, so every backend it names is in `backends`.
    /// What `predecessor` (may be null) knows about targets stays known. `catalog`: null where nobody knows who lists
    /// which model, and `backends` empty where nothing is to be called: such a router serves explain() alone.
    Router(const config::Config& config, const ModelCatalog::Backends& backends, std::shared_ptr<ModelCatalog> catalog,
           const Router* predecessor = nullptr);

    /// Counts in `metrics`, which outlives the targets' health, what becomes of their attempts. To be called before the
    /// router is used.
    void publish(observability::Metrics& metrics);

    /// The error for a header with a closed set of values that has another one, an empty one or two different ones.
    std::optional<http::WireError> check_headers(const http::Request& request) const;

    /// The target of a request. Valid as long as the router. A request that no route takes gets backend_unavailable.
    const Target& route(const http::Request& request, const http::Attributes& attributes) const;

    /// A target that `health` is about, with the policy that has it; nothing where no route has one. Looks at all
    /// routes. Valid as long as the router.
    std::optional<KnownTarget> find(const TargetHealth& health) const;

    /// What route() would say now, and why no route before that one takes the request, of which the first `most_passed`
    /// are named. Looks at every route before it; changes nothing, and asks no backend. [any-thread]
    RouteExplanation explain(const http::Request& request, const http::Attributes& attributes,
                             std::size_t most_passed) const;

private:
    struct Rule {
        config::RouteMatch match;
        bool asks_catalog = false;
        Target target;
        std::unique_ptr<const RoutePolicy> policy;
        std::vector<Target> lister_targets;  ///< of a route to the only lister: one for each backend
    };
    /// A target, or the first condition that is not met.
    struct Verdict {
        const Target* target = nullptr;
        Condition unmet = Condition::kNone;
    };
    /// The target is null where no route takes the request.
    struct Found {
        const Target* target = nullptr;
        std::uint32_t index = 0;
    };
    static void add_lister_targets(Rule& rule, const ModelCatalog::Backends& backends);
    Verdict judge(const Rule& rule, const http::Request& request, const http::Attributes& attributes,
                  ModelCatalog::Freshness freshness) const;
    const Target* listed_target(const Rule& rule, const http::Request& request,
                                ModelCatalog::Freshness freshness) const;
    Found find(const http::Request& request, const http::Attributes& attributes,
               ModelCatalog::Freshness freshness) const;
    ConditionFact listing_fact(const http::Request& request) const;

    std::vector<config::RequestHeader> request_headers_;
    std::vector<Rule> rules_;
    RuleIndex index_;
    HealthByName health_;
    std::shared_ptr<ModelCatalog> catalog_;
    Target no_route_;
};

}  // namespace sluice::routing
