#include "routing/retry_budget.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <thread>
#include <vector>

using sluice::routing::RetryBudget;
using sluice::routing::RetryLimits;

namespace {

constexpr std::uint64_t kSecond = 1000000000;

/// A budget of a fifth and at least 10, on a clock that stands still.
struct Stage {
    void call(int count) {
        for (int i = 0; i < count; ++i) budget.call(now);
    }
    int take_all() {
        int taken = 0;
        while (taken < 100000 && budget.take_retry(now, RetryLimits{})) ++taken;
        return taken;
    }

    RetryBudget budget;
    std::uint64_t now = 1000 * kSecond;
};

}  // namespace

TEST_CASE("a few retries are always allowed", "[routing][unit]") {
    Stage stage;
    CHECK(stage.take_all() == 10);
    stage.call(49);
    CHECK(stage.take_all() == 0);
}

TEST_CASE("of many calls a share may be tried again", "[routing][unit]") {
    Stage stage;
    stage.call(1000);
    CHECK(stage.take_all() == 200);
    stage.call(10);
    CHECK(stage.take_all() == 2);
}

TEST_CASE("a share of retries is exact in spite of binary fractions", "[routing][unit]") {
    Stage stage;
    RetryBudget budget;
    const RetryLimits limits{0.29, 0};
    for (int i = 0; i < 100; ++i) budget.call(stage.now);
    int taken = 0;
    while (budget.take_retry(stage.now, limits)) ++taken;
    CHECK(taken == 29);
}

TEST_CASE("without calls and without a floor there are no retries", "[routing][unit]") {
    RetryBudget budget;
    const RetryLimits limits{1.0, 0};
    CHECK_FALSE(budget.take_retry(kSecond, limits));
    budget.call(kSecond);
    CHECK(budget.take_retry(kSecond, limits));
    CHECK_FALSE(budget.take_retry(kSecond, limits));
}

TEST_CASE("calls and retries are forgotten after ten seconds", "[routing][unit]") {
    Stage stage;
    stage.call(1000);
    CHECK(stage.take_all() == 200);
    stage.now += 9 * kSecond;
    CHECK(stage.take_all() == 0);
    stage.now += kSecond;
    CHECK(stage.take_all() == 10);
}

TEST_CASE("several threads get exactly the budget", "[routing][unit]") {
    constexpr int kThreads = 4;
    Stage stage;
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) threads.emplace_back([&] { stage.call(5000); });
    for (std::thread& each : threads) each.join();
    threads.clear();
    std::atomic<int> taken{0};
    for (int i = 0; i < kThreads; ++i) threads.emplace_back([&] { taken += stage.take_all(); });
    for (std::thread& each : threads) each.join();
    CHECK(taken == kThreads * 5000 / 5);
}

TEST_CASE("the use of a budget is told without spending any of it", "[routing][unit]") {
    Stage stage;
    stage.call(3);
    for (int time = 0; time < 20; ++time) CHECK_FALSE(stage.budget.use(stage.now, RetryLimits{}).is_spent);
    CHECK(stage.take_all() == 10);
    const RetryBudget::Use use = stage.budget.use(stage.now, RetryLimits{});
    CHECK(use.calls == 3);
    CHECK(use.retries == 10);
    CHECK(use.is_spent);
}
