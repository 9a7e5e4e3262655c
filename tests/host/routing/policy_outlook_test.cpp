#include "routing/policy_outlook.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <memory>
#include <string>

#include "listing_backend.hpp"
#include "routing/attempt_plan.hpp"
#include "routing/model_catalog.hpp"

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;
using routing::CircuitBreaker;
using routing::PolicyOutlook;
using routing::RoutePolicy;

namespace {

constexpr std::uint64_t kMs = 1'000'000;
constexpr std::uint64_t kNow = 1'000'000 * kMs;

/// A route to "a" with weight 3 and "b" with weight 1, and "c" behind them.
struct Stage {
    Stage() {
        route.targets = {{.backend = "a", .weight = 3}, {.backend = "b"}};
        route.fallbacks = {{.backend = "c", .on = {"circuit_open", "busy"}}};
        route.sticky_header = "X-Session-ID";
        request.path = "/v1/chat/completions";
    }
    const RoutePolicy& policy() {
        if (!made) made = routing::make_policy(route, {}, backends, health);
        return *made;
    }
    PolicyOutlook outlook(std::uint64_t now_ns = kNow) { return routing::outlook_of(policy(), request, now_ns); }
    void open_circuit(std::size_t target) {
        CircuitBreaker& breaker = policy().targets[target].health->breaker;
        for (int call = 0; call < 5; ++call) {
            const auto admission = breaker.admit(kNow, *policy().breaker);
            breaker.end(admission, CircuitBreaker::Verdict::kBad, kMs, kNow, *policy().breaker);
        }
    }
    Workshop workshop;
    ListingBackend puppet{{}};
    routing::ModelCatalog::Backends backends{workshop.backend("a", puppet), workshop.backend("b", puppet),
                                             workshop.backend("c", puppet)};
    config::Route route;
    routing::HealthByName health;
    std::unique_ptr<const RoutePolicy> made;
    http::Request request;
};

}  // namespace

TEST_CASE("targets are told with the share of the requests they get", "[routing][unit]") {
    Stage stage;
    const PolicyOutlook outlook = stage.outlook();
    REQUIRE(outlook.targets.size() == 2);
    CHECK(outlook.targets[0].target->name == "a");
    CHECK(outlook.targets[0].share == Approx(0.75));
    CHECK(outlook.targets[1].share == Approx(0.25));
    CHECK(outlook.targets[0].circuit == CircuitBreaker::State::kClosed);
    CHECK_FALSE(outlook.is_sticky);
    CHECK_FALSE(outlook.is_unavailable);
    REQUIRE(outlook.fallbacks.size() == 1);
    CHECK(outlook.fallbacks[0].target->name == "c");
}

TEST_CASE("a target with an open circuit gets nothing, and is told with the time that is left", "[routing][unit]") {
    Stage stage;
    stage.open_circuit(0);
    const PolicyOutlook outlook = stage.outlook(kNow + 4000 * kMs);
    CHECK(outlook.targets[0].share == 0);
    CHECK_FALSE(outlook.targets[0].is_usable);
    CHECK(outlook.targets[0].circuit == CircuitBreaker::State::kOpen);
    CHECK(outlook.targets[0].closed_off_ns == 6000 * kMs);
    CHECK(outlook.targets[1].share == Approx(1));
    CHECK(stage.outlook(kNow + 11000 * kMs).targets[0].circuit == CircuitBreaker::State::kHalfOpen);
}

TEST_CASE("a target that is full gets nothing", "[routing][unit]") {
    Stage stage;
    stage.route.targets[0].max_concurrent = 1;
    REQUIRE(stage.policy().targets[0].health->load.try_enter(1));
    const PolicyOutlook outlook = stage.outlook();
    CHECK(outlook.targets[0].in_flight == 1);
    CHECK(outlook.targets[0].share == 0);
    CHECK_FALSE(outlook.targets[0].is_usable);
}

TEST_CASE("where no target can be asked the fallback is told that is asked instead", "[routing][unit]") {
    Stage stage;
    stage.open_circuit(0);
    stage.open_circuit(1);
    const bool is_taken = GENERATE(true, false);
    if (!is_taken) {
        stage.made = nullptr;
        stage.route.fallbacks[0].on = {"timeout"};
    }
    const PolicyOutlook outlook = stage.outlook();
    CHECK(outlook.is_unavailable);
    CHECK(outlook.unavailable.kind == routing::FailureKind::kCircuitOpen);
    REQUIRE((outlook.asked_instead != nullptr) == is_taken);
    if (is_taken) CHECK(outlook.asked_instead->name == "c");
}

TEST_CASE("a session is told the one target that its requests go to", "[routing][unit]") {
    Stage stage;
    std::size_t of_first = 0;
    for (int session = 0; session < 40; ++session) {
        const std::string key = "s" + std::to_string(session);
        stage.request.set_header("X-Session-ID", key);
        const PolicyOutlook outlook = stage.outlook();
        CHECK(outlook.is_sticky);
        routing::AttemptPlan plan(stage.policy(), key);
        const auto step = plan.first(kNow, static_cast<std::uint64_t>(session) << 40);
        REQUIRE(step);
        for (const auto& each : outlook.targets) CHECK(each.share == (each.target == step->target ? 1 : 0));
        if (step->target == &stage.policy().targets[0]) ++of_first;
    }
    CHECK(of_first > 0);
    CHECK(of_first < 40);
}

TEST_CASE("to ask for an outlook spends no budget, admits no probe and counts no call", "[routing][unit]") {
    Stage stage;
    stage.open_circuit(0);
    const std::uint64_t later = kNow + 11000 * kMs;
    for (int time = 0; time < 20; ++time) stage.outlook(later);
    const auto& health = *stage.policy().targets[0].health;
    CHECK(health.load.in_flight() == 0);
    CHECK(health.budget.use(later, {}).calls == 0);
    CHECK(health.budget.use(later, {}).retries == 0);
    // The place of the probe is still free.
    CHECK(stage.policy().targets[0].health->breaker.admit(later, *stage.policy().breaker) ==
          CircuitBreaker::Admission::kProbe);
}

TEST_CASE("a policy without backends has an outlook by its weights", "[routing][unit]") {
    Stage stage;
    stage.backends.clear();
    const PolicyOutlook outlook = stage.outlook();
    CHECK(outlook.targets[0].share == Approx(0.75));
    CHECK(outlook.targets[0].serves_path);
    CHECK(outlook.targets[0].target->target.mode == "a");
}
