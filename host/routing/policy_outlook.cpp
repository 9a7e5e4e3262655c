#include "routing/policy_outlook.hpp"

#include <algorithm>

#include "routing/attempt_plan.hpp"

namespace sluice::routing {

namespace {

TargetOutlook outlook_of(const PolicyTarget& target, const RoutePolicy& policy, std::string_view path,
                         std::uint64_t now_ns) {
    TargetOutlook outlook;
    outlook.target = &target;
    if (const auto* backend = target.target.backend) {
        outlook.is_quarantined = backend->is_quarantined();
        outlook.serves_path = backend->serves(path);
    }
    const TargetHealth& health = *target.health;
    if (policy.breaker) {
        outlook.circuit = health.breaker.state(now_ns, *policy.breaker);
        outlook.closed_off_ns = health.breaker.retry_in_ns(now_ns, *policy.breaker);
    }
    outlook.in_flight = health.load.in_flight();
    outlook.first_token_ns = health.load.recent_first_token_ns(now_ns);
    outlook.budget = health.budget.use(now_ns, policy.retry_limits);
    return outlook;
}

}  // namespace

PolicyOutlook outlook_of(const RoutePolicy& policy, const http::Request& request, std::uint64_t now_ns) {
    PolicyOutlook outlook;
    const std::string_view sticky_key = sticky_key_of(policy, request);
    outlook.is_sticky = !sticky_key.empty();
    const AttemptPlan plan(policy, sticky_key);
    const std::vector<double> shares = plan.shares(now_ns);
    for (std::size_t at = 0; at < policy.targets.size(); ++at) {
        TargetOutlook target = outlook_of(policy.targets[at], policy, request.path, now_ns);
        target.share = shares[at];
        target.is_usable = plan.is_usable(policy.targets[at], now_ns);
        outlook.targets.push_back(target);
    }
    for (const PolicyTarget& each : policy.fallbacks) {
        TargetOutlook fallback = outlook_of(each, policy, request.path, now_ns);
        fallback.is_usable = plan.is_usable(each, now_ns);
        outlook.fallbacks.push_back(fallback);
    }
    outlook.is_unavailable = std::all_of(shares.begin(), shares.end(), [](double share) { return share == 0; });
    if (!outlook.is_unavailable) return outlook;
    outlook.unavailable = plan.unavailable(now_ns);
    outlook.asked_instead = plan.fallback_for(outlook.unavailable, now_ns);
    return outlook;
}

}  // namespace sluice::routing
