#include "routing/route_explanation.hpp"

#include <array>

#include "routing/router.hpp"

namespace sluice::routing {

namespace {

constexpr std::array kTested{Condition::kHeader, Condition::kAttribute, Condition::kPath, Condition::kMethod,
                             Condition::kModel};

bool has(const config::RouteMatch& match, Condition condition) noexcept {
    switch (condition) {
        case Condition::kHeader: return match.header.has_value();
        case Condition::kAttribute: return match.attribute.has_value();
        case Condition::kPath: return match.path.has_value();
        case Condition::kMethod: return match.method.has_value();
        case Condition::kModel: return match.model.has_value();
        case Condition::kListedModel:
        case Condition::kNone: break;
    }
    return false;
}

}  // namespace

ConditionFact Router::listing_fact(const http::Request& request) const {
    ConditionFact fact{Condition::kListedModel, "model", std::nullopt, "one that exactly one backend lists", ""};
    if (request.model.empty()) return fact;
    fact.found = request.model;
    if (!catalog_) {
        fact.note = "depends on which backend lists the model";
        return fact;
    }
    for (const std::string& name : catalog_->listers_of(request.model)) {
        fact.note += (fact.note.empty() ? "listed by: " : ", ") + name;
    }
    if (fact.note.empty()) fact.note = "listed by no backend";
    return fact;
}

RouteExplanation Router::explain(const http::Request& request, const http::Attributes& attributes,
                                 std::size_t most_passed) const {
    RouteExplanation explanation;
    const Found taken = find(request, attributes, ModelCatalog::Freshness::kAsItIs);
    explanation.target = taken.target ? taken.target : &no_route_;
    if (taken.target) explanation.index = taken.index;
    const std::size_t end = taken.target ? taken.index : rules_.size();
    for (std::size_t at = 0; at < end; ++at) {
        const Rule& rule = rules_[at];
        const Condition unmet = judge(rule, request, attributes, ModelCatalog::Freshness::kAsItIs).unmet;
        // Only where the lists have changed since it was looked for.
        if (unmet == Condition::kNone) continue;
        ++explanation.passed_count;
        const bool is_undecided = unmet == Condition::kListedModel && !catalog_ && !request.model.empty();
        if (is_undecided && explanation.undecided_count++ == 0) explanation.first_undecided = at;
        if (explanation.passed.size() == most_passed) continue;
        explanation.passed.push_back(
            {at,
             unmet == Condition::kListedModel ? listing_fact(request) : fact_of(unmet, rule.match, request, attributes),
             is_undecided});
    }
    if (!taken.target) return explanation;
    const Rule& rule = rules_[taken.index];
    for (Condition condition : kTested) {
        if (!has(rule.match, condition)) continue;
        explanation.met.push_back(fact_of(condition, rule.match, request, attributes));
    }
    if (rule.asks_catalog) explanation.met.push_back(listing_fact(request));
    return explanation;
}

}  // namespace sluice::routing
