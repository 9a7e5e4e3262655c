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

TEST_CASE("the load of a loop is the share of time it does not wait", "[net][placement]") {
    LoopLoad load;
    std::uint64_t now = kNow;
    for (int round = 0; round < 20; ++round) {
        load.begin_round(now);
        now += 3 * kMs;
        load.end_round(now);
        now += 7 * kMs;
    }
    CHECK(load.percent(now) >= 28);
    CHECK(load.percent(now) <= 34);
}

TEST_CASE("a loop that sleeps is free, also when it has just woken; one that is stuck in a round is full",
          "[net][placement]") {
    LoopLoad load;
    load.begin_round(kNow);
    load.end_round(kNow + 110 * kMs);
    CHECK(load.percent(kNow + 120 * kMs) == 100);
    CHECK(load.percent(kNow + 1000 * kMs) == 0);
    load.begin_round(kNow + 1000 * kMs);
    CHECK(load.percent(kNow + 1000 * kMs) == 0);
    CHECK(load.percent(kNow + 1100 * kMs) == 0);
    CHECK(load.percent(kNow + 1201 * kMs) == 100);
    load.end_round(kNow + 1300 * kMs);
    CHECK(load.percent(kNow + 1301 * kMs) == 100);
}
