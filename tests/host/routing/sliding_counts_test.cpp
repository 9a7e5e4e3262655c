#include "routing/sliding_counts.hpp"

#include <catch2/catch.hpp>

#include <thread>
#include <vector>

using sluice::routing::SlidingCounts;

namespace {

constexpr std::uint64_t kWindow = 1000;

}  // namespace

TEST_CASE("each kind is counted for itself", "[routing][unit]") {
    SlidingCounts counts;
    counts.add(0, 0, kWindow);
    counts.add(3, 5, kWindow);
    counts.add(3, 950, kWindow);
    CHECK(counts.totals(999, kWindow) == SlidingCounts::Totals{1, 0, 0, 2});
}

TEST_CASE("what is older than the window is forgotten, a tenth of it at once", "[routing][unit]") {
    SlidingCounts counts;
    for (std::uint64_t now = 10000; now < 11000; now += 50) counts.add(1, now, kWindow);
    CHECK(counts.totals(10999, kWindow)[1] == 20);
    CHECK(counts.totals(11000, kWindow)[1] == 18);
    CHECK(counts.totals(11950, kWindow)[1] == 0);
    CHECK(counts.totals(1000000, kWindow)[1] == 0);
}

TEST_CASE("a bucket that comes round again begins empty", "[routing][unit]") {
    SlidingCounts counts;
    for (int i = 0; i < 7; ++i) counts.add(0, 250, kWindow);
    counts.add(0, 1250, kWindow);
    CHECK(counts.totals(1250, kWindow)[0] == 1);
    counts.add(0, 7250, kWindow);
    CHECK(counts.totals(7250, kWindow)[0] == 1);
}

TEST_CASE("a thread whose clock is behind does not turn a bucket back", "[routing][unit]") {
    SlidingCounts counts;
    counts.add(0, 1001, kWindow);
    counts.add(0, 2, kWindow);  // the same bucket, a window earlier
    CHECK(counts.totals(1001, kWindow)[0] == 2);
    CHECK(counts.totals(999, kWindow)[0] == 2);
}

TEST_CASE("a window of another length keeps what was counted lately", "[routing][unit]") {
    SlidingCounts counts;
    counts.add(0, 9000, kWindow);
    counts.add(0, 9990, kWindow);
    CHECK(counts.totals(9990, 200)[0] == 1);
    CHECK(counts.totals(9990, 100000)[0] == 2);
    CHECK(counts.totals(9990, 0)[0] == 0);
}

TEST_CASE("cleared counts are 0 and count on", "[routing][unit]") {
    SlidingCounts counts;
    counts.add(2, 100, kWindow);
    counts.add(1, 300, kWindow);
    counts.clear();
    CHECK(counts.totals(300, kWindow) == SlidingCounts::Totals{});
    counts.add(2, 300, kWindow);
    CHECK(counts.totals(300, kWindow)[2] == 1);
}

TEST_CASE("no event of several threads is lost, also where a bucket turns over", "[routing][unit]") {
    constexpr int kThreads = 4;
    constexpr std::uint64_t kEach = 20000;
    SlidingCounts counts;
    for (std::size_t kind = 0; kind < 4; ++kind) counts.add(kind, 0, kWindow);  // to be forgotten in the next round
    std::vector<std::thread> threads;
    for (std::size_t kind = 0; kind < kThreads; ++kind) {
        threads.emplace_back([&counts, kind] {
            for (std::uint64_t i = 0; i < kEach; ++i) counts.add(kind, kWindow + i * kWindow / kEach, kWindow);
        });
    }
    for (std::thread& each : threads) each.join();
    CHECK(counts.totals(2 * kWindow - 1, kWindow) == SlidingCounts::Totals{kEach, kEach, kEach, kEach});
}
