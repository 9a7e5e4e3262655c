#include "net/placement.hpp"

#include <catch2/catch.hpp>

#include <vector>

#include "net/loop_load.hpp"

using namespace sluice;
using net::LoopLoad;
using net::Placement;

namespace {

constexpr std::uint64_t kNow = 1'000'000'000'000;
constexpr std::uint64_t kMs = 1'000'000;

/// How many of `count` new connections each loop gets at one moment.
std::vector<int> spread(Placement& placement, const std::vector<std::uint32_t>& percents, int count,
                        std::uint64_t now_ns = kNow) {
    std::vector<int> got(percents.size());
    for (int i = 0; i < count; ++i) ++got[placement.choose(percents, now_ns)];
    return got;
}

}  // namespace

TEST_CASE("while one loop keeps up it gets every connection", "[net][placement]") {
    Placement placement(4);
    CHECK(spread(placement, {0, 0, 0, 0}, 100) == std::vector<int>{100, 0, 0, 0});
    CHECK(spread(placement, {30, 0, 0, 0}, 10, kNow + LoopLoad::kWindowNs) == std::vector<int>{10, 0, 0, 0});
}

TEST_CASE("a full loop is passed over for the first that is not", "[net][placement]") {
    Placement placement(3);
    CHECK(spread(placement, {60, 20, 0}, 10) == std::vector<int>{0, 10, 0});
}

TEST_CASE("where all loops are full the least busy one gets the connection", "[net][placement]") {
    Placement placement(3);
    CHECK(spread(placement, {99, 80, 90}, 1) == std::vector<int>{0, 1, 0});
}

TEST_CASE("a rush of clients spreads over all loops", "[net][placement]") {
    Placement placement(4);
    std::vector<int> got = spread(placement, {0, 0, 0, 0}, 4000);
    for (int count : got) CHECK(count == 1000);
}

TEST_CASE("what was placed counts until its load shows", "[net][placement]") {
    Placement placement(2);
    CHECK(spread(placement, {0, 0}, 200) == std::vector<int>{120, 80});
    CHECK(spread(placement, {0, 0}, 10, kNow + LoopLoad::kWindowNs) == std::vector<int>{10, 0});
}

TEST_CASE("the load of a loop is the share of time its thread ran", "[net][placement]") {
    LoopLoad load;
    load.begin_window(kNow, 5 * kMs);
    CHECK_FALSE(load.is_window_over(kNow + 99 * kMs));
    CHECK(load.is_window_over(kNow + 100 * kMs));
    load.begin_window(kNow + 110 * kMs, 38 * kMs);
    CHECK(load.percent(kNow + 120 * kMs) == 30);
}

TEST_CASE("a loop that sleeps is free, even when it has just woken, and one that is stuck in a round is full",
          "[net][placement]") {
    LoopLoad load;
    load.begin_window(kNow, 0);
    load.begin_window(kNow + 100 * kMs, 100 * kMs);
    CHECK(load.percent(kNow + 120 * kMs) == 100);
    CHECK(load.percent(kNow + 1000 * kMs) == 0);
    load.begin_round();
    load.begin_window(kNow + 1000 * kMs, 101 * kMs);
    CHECK(load.percent(kNow + 1000 * kMs) == 0);
    CHECK(load.percent(kNow + 1100 * kMs) == 0);
    CHECK(load.percent(kNow + 1201 * kMs) == 100);
    load.end_round();
    CHECK(load.percent(kNow + 1301 * kMs) == 0);
}
