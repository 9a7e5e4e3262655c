#include "routing/route_policy.hpp"

#include <algorithm>
#include <chrono>

namespace sluice::routing {

namespace {

/// FAULTS: a stream that does not begin is left for a fallback while one is there.
constexpr std::chrono::seconds kFirstEventWithFallback{10};

constexpr std::uint64_t nanoseconds(std::chrono::nanoseconds time) { return static_cast<std::uint64_t>(time.count()); }

const std::vector<FailureKind> kUsuallyRetried{FailureKind::kConnect, FailureKind::kRateLimit,
                                               FailureKind::kServerError, FailureKind::kCut};
const std::vector<FailureKind> kUsuallyFallenBackFrom{
    FailureKind::kConnect,     FailureKind::kTimeout, FailureKind::kRateLimit,
    FailureKind::kServerError, FailureKind::kAuth,    FailureKind::kCut,
    FailureKind::kCircuitOpen, FailureKind::kBusy,    FailureKind::kContextLength};

std::uint64_t chosen(const std::optional<std::chrono::milliseconds>& own, std::uint64_t otherwise) {
    return own ? nanoseconds(*own) : otherwise;
}

PolicyTarget make_target(const config::Target& from, const Target& common, bool has_fallback,
                         const std::vector<std::shared_ptr<const backend::PluginBackend>>& backends,
                         HealthByName& health) {
    PolicyTarget made{common,
                      from.backend,
                      from.model.value_or(""),
                      static_cast<std::uint32_t>(from.weight),
                      static_cast<std::uint32_t>(from.max_concurrent),
                      FailureFilter(from.on, kUsuallyFallenBackFrom),
                      nullptr};
    const auto found =
        std::find_if(backends.begin(), backends.end(), [&](const auto& each) { return each->name() == from.backend; });
    made.target.backend = found == backends.end() ? nullptr : found->get();
    made.target.mode = from.backend;
    if (!made.model.empty()) made.name += "/" + made.model;
    Deadlines& deadlines = made.target.deadlines;
    deadlines.request_ns = chosen(from.timeouts.request, deadlines.request_ns);
    deadlines.first_event_ns = chosen(from.timeouts.first_event, deadlines.first_event_ns);
    if (has_fallback && !from.timeouts.first_event) {
        deadlines.first_event_ns = std::min(deadlines.first_event_ns, nanoseconds(kFirstEventWithFallback));
    }
    deadlines.event_gap_ns = chosen(from.timeouts.event_gap, deadlines.event_gap_ns);
    deadlines.head_ns = chosen(from.timeouts.head, deadlines.head_ns);
    auto& known = health[made.name];
    if (!known) known = std::make_shared<TargetHealth>();
    made.health = known;
    return made;
}

BreakerLimits limits_of(const config::Breaker& breaker) {
    BreakerLimits limits;
    limits.failure_share = static_cast<double>(breaker.failure_percent) / 100;
    limits.slow_share = static_cast<double>(breaker.slow_percent) / 100;
    limits.slow_ns = nanoseconds(breaker.slow);
    limits.min_calls = static_cast<std::uint32_t>(breaker.min_calls);
    limits.window_ns = nanoseconds(breaker.window);
    limits.open_ns = nanoseconds(breaker.open);
    return limits;
}

ChoicePolicy choice_policy_of(config::Balance balance) noexcept {
    switch (balance) {
        case config::Balance::kWeighted: break;
        case config::Balance::kLeastBusy: return ChoicePolicy::kLeastBusy;
        case config::Balance::kFastest: return ChoicePolicy::kFastest;
    }
    return ChoicePolicy::kWeighted;
}

bool is_special(const config::Target& target) noexcept {
    return target.model || target.max_concurrent > 0 || target.timeouts != config::RouteTimeouts();
}

}  // namespace

bool has_policy(const config::Route& route) noexcept {
    if (route.target != config::RouteTarget::kBackend) return false;
    return route.targets.size() > 1 || !route.fallbacks.empty() || route.retry.attempts > 1 ||
           route.on_cut != config::OnCut::kError || (route.breaker && route.breaker->is_enabled) ||
           std::any_of(route.targets.begin(), route.targets.end(), is_special);
}

std::string_view sticky_key_of(const RoutePolicy& policy, const http::Request& request) noexcept {
    return policy.sticky_header.empty() ? std::string_view() : request.header(policy.sticky_header);
}

std::unique_ptr<const RoutePolicy> make_policy(
    const config::Route& route, const Target& target,
    const std::vector<std::shared_ptr<const backend::PluginBackend>>& backends, HealthByName& health) {
    auto policy = std::make_unique<RoutePolicy>(
        RoutePolicy{{},
                    {},
                    choice_policy_of(route.balance),
                    route.sticky_header,
                    route.retry.attempts,
                    nanoseconds(route.retry.backoff),
                    nanoseconds(route.retry.max_backoff),
                    static_cast<std::uint32_t>(route.retry.max_retry_after.count()),
                    RetryLimits{.share = static_cast<double>(route.retry.budget_percent) / 100},
                    FailureFilter(route.retry.on, kUsuallyRetried),
                    std::nullopt,
                    0,
                    route.on_cut,
                    route.hold_bytes,
                    nanoseconds(route.hold)});
    for (const config::Target& each : route.targets) {
        policy->targets.push_back(make_target(each, target, !route.fallbacks.empty(), backends, health));
    }
    for (const config::Target& each : route.fallbacks) {
        const bool is_last = &each == &route.fallbacks.back();
        policy->fallbacks.push_back(make_target(each, target, !is_last, backends, health));
    }
    const bool has_choice = policy->targets.size() + policy->fallbacks.size() > 1;
    const config::Breaker breaker = route.breaker.value_or(config::Breaker{.is_enabled = has_choice});
    if (breaker.is_enabled) {
        policy->breaker = limits_of(breaker);
        policy->check_ns = nanoseconds(breaker.check);
    }
    return policy;
}

}  // namespace sluice::routing
