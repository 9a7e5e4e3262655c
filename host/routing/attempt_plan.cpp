#include "routing/attempt_plan.hpp"

#include <algorithm>

#include "routing/backoff.hpp"

namespace sluice::routing {

namespace {

constexpr std::uint64_t kNanosecondsPerMillisecond = 1'000'000;

/// From 0 to below 1.
double unit_of(std::uint64_t random) noexcept { return static_cast<double>(random >> 11) * 0x1p-53; }

/// Not an attempt: the target was never asked.
bool was_asked(const Failure& failure) noexcept {
    return failure.kind != FailureKind::kCircuitOpen && failure.kind != FailureKind::kBusy;
}

}  // namespace

AttemptPlan::AttemptPlan(const RoutePolicy& policy, std::string_view sticky_key)
    : policy_(policy), sticky_key_(sticky_key) {}

std::span<const Candidate> AttemptPlan::candidates(Candidates& room, std::uint64_t now_ns, bool may_repeat) const {
    const std::size_t count = std::min(policy_.targets.size(), kMaxCandidates);
    for (std::size_t at = 0; at < count; ++at) {
        const PolicyTarget& each = policy_.targets[at];
        room[at] = {each.weight, &each.health->load, (may_repeat || !tried_[at]) && is_usable(each, now_ns), each.name};
    }
    return {room.data(), count};
}

const PolicyTarget* AttemptPlan::choose(std::uint64_t now_ns, std::uint64_t random, bool may_repeat) const {
    Candidates room;
    const std::span<const Candidate> all = candidates(room, now_ns, may_repeat);
    const std::size_t found =
        sticky_key_.empty() ? choose_target(all, policy_.balance, random, now_ns) : choose_sticky(all, sticky_key_);
    return found < all.size() ? &policy_.targets[found] : nullptr;
}

AttemptStep AttemptPlan::take(const PolicyTarget& target, std::uint64_t now_ns, std::uint64_t delay_ns,
                              std::string_view reason) {
    const bool is_fallback = next_fallback_ > 0;
    if (!is_fallback) {
        tried_.set(static_cast<std::size_t>(&target - policy_.targets.data()));
        ++attempts_;
    }
    if (reason.empty()) target.health->budget.call(now_ns);
    current_ = &target;
    return {&target, delay_ns, reason};
}

std::optional<AttemptStep> AttemptPlan::first(std::uint64_t now_ns, std::uint64_t random) {
    if (const PolicyTarget* target = choose(now_ns, random, false)) return take(*target, now_ns, 0, "");
    return fall_back(unavailable(now_ns), now_ns);
}

std::optional<AttemptStep> AttemptPlan::after(const Failure& failure, std::uint64_t now_ns, std::uint64_t random) {
    if (is_at_targets()) {
        if (!was_asked(failure)) --attempts_;
        if (auto step = retry(failure, now_ns, random)) return step;
    }
    return fall_back(failure, now_ns);
}

std::optional<AttemptStep> AttemptPlan::retry(const Failure& failure, std::uint64_t now_ns, std::uint64_t random) {
    if (!was_asked(failure)) {
        const PolicyTarget* other = choose(now_ns, random, false);
        if (!other) return std::nullopt;
        return take(*other, now_ns, 0, "retry");
    }
    if (attempts_ >= policy_.attempts || !policy_.retried.matches(failure)) return std::nullopt;
    const PolicyTarget* other = choose(now_ns, random, false);
    if (!other && failure.retry_after_ms > policy_.max_retry_after_ms) return std::nullopt;
    if (!current_->health->budget.take_retry(now_ns, policy_.retry_limits)) return std::nullopt;
    if (other) return take(*other, now_ns, 0, "retry");
    const PolicyTarget* again =
        !sticky_key_.empty() || is_usable(*current_, now_ns) ? current_ : choose(now_ns, random, true);
    if (!again) return std::nullopt;
    const std::uint64_t backoff_ns =
        routing::delay_ns(++repeats_, policy_.backoff_ns, policy_.max_backoff_ns, unit_of(random));
    const std::uint64_t asked_ns = failure.retry_after_ms * kNanosecondsPerMillisecond;
    return take(*again, now_ns, std::max(backoff_ns, asked_ns), "retry");
}

std::optional<AttemptStep> AttemptPlan::fall_back(const Failure& failure, std::uint64_t now_ns) {
    const PolicyTarget* fallback = fallback_for(failure, now_ns);
    if (!fallback) {
        next_fallback_ = policy_.fallbacks.size();
        return std::nullopt;
    }
    next_fallback_ = static_cast<std::size_t>(fallback - policy_.fallbacks.data()) + 1;
    return take(*fallback, now_ns, 0, "fallback");
}

Failure AttemptPlan::unavailable(std::uint64_t now_ns) const {
    Failure failure{FailureKind::kBusy, 503, "backend_unavailable", 0};
    std::uint64_t soonest_ns = 0;
    for (const PolicyTarget& each : policy_.targets) {
        if (!policy_.breaker || each.health->breaker.state(now_ns, *policy_.breaker) != CircuitBreaker::State::kOpen) {
            continue;
        }
        const std::uint64_t in_ns = each.health->breaker.retry_in_ns(now_ns, *policy_.breaker);
        soonest_ns = soonest_ns == 0 ? in_ns : std::min(soonest_ns, in_ns);
        failure.kind = FailureKind::kCircuitOpen;
    }
    failure.retry_after_ms = static_cast<std::uint32_t>(soonest_ns / kNanosecondsPerMillisecond);
    return failure;
}

std::vector<double> AttemptPlan::shares(std::uint64_t now_ns) const {
    std::vector<double> shares(policy_.targets.size());
    Candidates room;
    const std::span<const Candidate> all = candidates(room, now_ns, false);
    if (sticky_key_.empty()) {
        choice_shares(all, policy_.balance, now_ns, shares);
    } else if (const std::size_t found = choose_sticky(all, sticky_key_); found < shares.size()) {
        shares[found] = 1;
    }
    return shares;
}

const PolicyTarget* AttemptPlan::fallback_for(const Failure& failure, std::uint64_t now_ns) const {
    for (std::size_t at = next_fallback_; at < policy_.fallbacks.size(); ++at) {
        const PolicyTarget& fallback = policy_.fallbacks[at];
        if (fallback.on.matches(failure) && is_usable(fallback, now_ns)) return &fallback;
    }
    return nullptr;
}

bool AttemptPlan::is_usable(const PolicyTarget& target, std::uint64_t now_ns) const {
    // Without a backend where nothing is called: see Router.
    if (target.target.backend && target.target.backend->is_quarantined()) return false;
    if (target.max_concurrent > 0 && target.health->load.in_flight() >= target.max_concurrent) return false;
    return !policy_.breaker || target.health->breaker.state(now_ns, *policy_.breaker) != CircuitBreaker::State::kOpen;
}

}  // namespace sluice::routing
