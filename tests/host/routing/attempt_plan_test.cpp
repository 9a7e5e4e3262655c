#include "routing/attempt_plan.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <set>
#include <string>

#include "listing_backend.hpp"
#include "routing/model_catalog.hpp"
#include "routing/router.hpp"

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;
using routing::AttemptPlan;
using routing::AttemptStep;
using routing::Failure;
using routing::FailureKind;
using routing::RoutePolicy;

namespace {

constexpr std::uint64_t kMs = 1'000'000;
constexpr std::uint64_t kNow = 1'000'000 * kMs;

const Failure kBroken{FailureKind::kServerError, 500, "server_error", 0};
const Failure kLimited{FailureKind::kRateLimit, 429, "rate_limit_exceeded", 0};
const Failure kSilent{FailureKind::kTimeout, 504, "timeout", 0};
const Failure kWrong{FailureKind::kClientError, 400, "invalid_request", 0};

/// A route to "a", with whatever the test adds, and the backends it may name.
struct Stage {
    Stage() { route.targets = {{.backend = "a"}}; }
    const RoutePolicy& policy() {
        made = routing::make_policy(route, common, backends, health);
        return *made;
    }
    Workshop workshop;
    ListingBackend puppet{{}};
    routing::ModelCatalog::Backends backends{workshop.backend("a", puppet), workshop.backend("b", puppet),
                                             workshop.backend("c", puppet)};
    config::Route route;
    routing::Target common;
    routing::HealthByName health;
    std::unique_ptr<const RoutePolicy> made;
};

std::string name_of(const std::optional<AttemptStep>& step) { return step ? step->target->name : "none"; }

}  // namespace

TEST_CASE("without retries and fallbacks a failure is the end", "[routing][unit]") {
    Stage stage;
    stage.route.on_cut = config::OnCut::kHold;
    AttemptPlan plan(stage.policy(), "");
    CHECK(name_of(plan.first(kNow, 1)) == "a");
    CHECK(name_of(plan.after(kBroken, kNow, 1)) == "none");
}

TEST_CASE("a failed target is asked again after a pause that doubles", "[routing][unit]") {
    Stage stage;
    stage.route.retry.attempts = 3;
    AttemptPlan plan(stage.policy(), "");
    plan.first(kNow, 0);
    const auto second = plan.after(kBroken, kNow, 0);
    CHECK(name_of(second) == "a");
    CHECK(second->delay_ns == 250 * kMs);
    CHECK(second->reason == "retry");
    CHECK(plan.after(kBroken, kNow, 0)->delay_ns == 500 * kMs);
    CHECK(name_of(plan.after(kBroken, kNow, 0)) == "none");
}

TEST_CASE("Retry-After is waited out up to the route's limit", "[routing][unit]") {
    Stage stage;
    stage.route.retry.attempts = 3;
    stage.route.retry.max_retry_after = 5s;
    stage.route.fallbacks = {{.backend = "b"}};
    AttemptPlan plan(stage.policy(), "");
    plan.first(kNow, 0);
    Failure asks_for_two_seconds = kLimited;
    asks_for_two_seconds.retry_after_ms = 2000;
    CHECK(plan.after(asks_for_two_seconds, kNow, 0)->delay_ns == 2000 * kMs);
    Failure asks_for_six_seconds = kLimited;
    asks_for_six_seconds.retry_after_ms = 6000;
    const auto fallback = plan.after(asks_for_six_seconds, kNow, 0);
    CHECK(name_of(fallback) == "b");
    CHECK(fallback->delay_ns == 0);
}

TEST_CASE("another target of the route is asked before the same one, without a pause", "[routing][unit]") {
    Stage stage;
    stage.route.retry.attempts = 3;
    stage.route.targets.push_back({.backend = "b"});
    AttemptPlan plan(stage.policy(), "");
    const std::string first = name_of(plan.first(kNow, 7));
    const auto second = plan.after(kBroken, kNow, 7);
    CHECK(std::set<std::string>{first, name_of(second)} == std::set<std::string>{"a", "b"});
    CHECK(second->delay_ns == 0);
    CHECK(plan.after(kBroken, kNow, 7)->delay_ns > 0);
}

TEST_CASE("a target that was silent is not asked again, but left for the fallback", "[routing][unit]") {
    Stage stage;
    stage.route.retry.attempts = 5;
    stage.route.fallbacks = {{.backend = "b"}};
    AttemptPlan plan(stage.policy(), "");
    plan.first(kNow, 0);
    CHECK(name_of(plan.after(kSilent, kNow, 0)) == "b");
    CHECK_FALSE(plan.is_at_targets());
}

TEST_CASE("what the client did wrong is tried nowhere else", "[routing][unit]") {
    Stage stage;
    stage.route.retry.attempts = 5;
    stage.route.fallbacks = {{.backend = "b"}};
    AttemptPlan plan(stage.policy(), "");
    plan.first(kNow, 0);
    CHECK(name_of(plan.after(kWrong, kNow, 0)) == "none");
}

TEST_CASE("fallbacks are taken in order, each for the failures it names", "[routing][unit]") {
    Stage stage;
    stage.route.fallbacks = {{.backend = "b", .on = {"rate_limit"}}, {.backend = "c", .on = {"400", "code:odd"}}};
    AttemptPlan limited(stage.policy(), "");
    limited.first(kNow, 0);
    CHECK(name_of(limited.after(kLimited, kNow, 0)) == "b");
    CHECK(name_of(limited.after(kWrong, kNow, 0)) == "c");
    AttemptPlan odd(*stage.made, "");
    odd.first(kNow, 0);
    CHECK(name_of(odd.after({FailureKind::kServerError, 500, "odd", 0}, kNow, 0)) == "c");
    AttemptPlan broken(*stage.made, "");
    broken.first(kNow, 0);
    CHECK(name_of(broken.after(kBroken, kNow, 0)) == "none");
}

TEST_CASE("a target whose circuit is open is passed over, and its fallback taken at once", "[routing][unit]") {
    Stage stage;
    stage.route.fallbacks = {{.backend = "b"}};
    const RoutePolicy& policy = stage.policy();
    auto& breaker = policy.targets.front().health->breaker;
    for (int call = 0; call < 5; ++call) {
        breaker.end(breaker.admit(kNow, *policy.breaker), routing::CircuitBreaker::Verdict::kBad, kMs, kNow,
                    *policy.breaker);
    }
    AttemptPlan plan(policy, "");
    const auto first = plan.first(kNow + kMs, 0);
    CHECK(name_of(first) == "b");
    CHECK(first->reason == "fallback");
    CHECK(plan.unavailable(kNow + kMs).kind == FailureKind::kCircuitOpen);
    CHECK(plan.unavailable(kNow + kMs).retry_after_ms > 9000);
}

TEST_CASE("a target with as many calls as it may have is passed over", "[routing][unit]") {
    Stage stage;
    stage.route.targets.front().max_concurrent = 1;
    stage.route.targets.push_back({.backend = "b"});
    const RoutePolicy& policy = stage.policy();
    REQUIRE(policy.targets.front().health->load.try_enter(1));
    for (std::uint64_t random = 0; random < 20; ++random) {
        AttemptPlan plan(policy, "");
        CHECK(name_of(plan.first(kNow, random << 59)) == "b");
    }
    REQUIRE(policy.targets.back().health->load.try_enter(0));
    stage.route.targets.pop_back();
    AttemptPlan alone(stage.policy(), "");
    CHECK(name_of(alone.first(kNow, 0)) == "none");
    CHECK(alone.unavailable(kNow).kind == FailureKind::kBusy);
}

TEST_CASE("one that let nobody in costs no attempt", "[routing][unit]") {
    Stage stage;
    stage.route.targets.push_back({.backend = "b"});
    AttemptPlan plan(stage.policy(), "");
    const std::string first = name_of(plan.first(kNow, 7));
    const std::string second = name_of(plan.after({FailureKind::kCircuitOpen, 503, "", 0}, kNow, 7));
    CHECK(std::set<std::string>{first, second} == std::set<std::string>{"a", "b"});
    CHECK(name_of(plan.after(kBroken, kNow, 7)) == "none");
}

TEST_CASE("the retry budget of a target ends retries, not first attempts", "[routing][unit]") {
    Stage stage;
    stage.route.retry.attempts = 2;
    stage.route.retry.budget_percent = 0;
    const RoutePolicy& policy = stage.policy();
    int retries = 0;
    for (int request = 0; request < 50; ++request) {
        AttemptPlan plan(policy, "");
        REQUIRE(name_of(plan.first(kNow, 0)) == "a");
        retries += plan.after(kBroken, kNow, 0).has_value();
    }
    CHECK(retries == 10);
}

TEST_CASE("requests of one session go to one target, and stay there for a retry", "[routing][unit]") {
    Stage stage;
    stage.route.targets = {{.backend = "a"}, {.backend = "b"}, {.backend = "c"}};
    const RoutePolicy& policy = stage.policy();
    std::set<std::string> all;
    for (int session = 0; session < 40; ++session) {
        const std::string key = "session " + std::to_string(session);
        AttemptPlan plan(policy, key);
        const std::string target = name_of(plan.first(kNow, 0));
        all.insert(target);
        AttemptPlan again(policy, key);
        CHECK(name_of(again.first(kNow, ~std::uint64_t{0})) == target);
    }
    CHECK(all.size() == 3);
}

TEST_CASE("what is known about a target outlives the policy that was asked", "[routing][unit]") {
    Stage stage;
    stage.route.targets.push_back({.backend = "b", .model = "m"});
    const auto known = stage.policy().targets.back().health;
    CHECK(stage.policy().targets.back().health == known);
    CHECK(stage.made->targets.back().name == "b/m");
}

TEST_CASE("a stream that does not begin is left for a fallback after ten seconds", "[routing][unit]") {
    Stage stage;
    stage.common.deadlines.first_event_ns = 300'000 * kMs;
    stage.route.fallbacks = {{.backend = "b"}, {.backend = "c"}};
    const RoutePolicy& policy = stage.policy();
    CHECK(policy.targets.front().target.deadlines.first_event_ns == 10'000 * kMs);
    CHECK(policy.fallbacks.front().target.deadlines.first_event_ns == 10'000 * kMs);
    CHECK(policy.fallbacks.back().target.deadlines.first_event_ns == 300'000 * kMs);
    stage.route.targets.front().timeouts.first_event = 20s;
    CHECK(stage.policy().targets.front().target.deadlines.first_event_ns == 20'000 * kMs);
}
