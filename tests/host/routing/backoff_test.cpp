#include "routing/backoff.hpp"

#include <catch2/catch.hpp>

#include <limits>

using sluice::routing::delay_ns;

namespace {

constexpr std::uint64_t kMs = 1000000;
constexpr std::uint64_t kBase = 500 * kMs;
constexpr std::uint64_t kMax = 8000 * kMs;
constexpr std::uint64_t kHuge = std::numeric_limits<std::uint64_t>::max();

/// How often an upstream that fails at once is tried within `time_ns`.
int attempts_within(std::uint64_t time_ns, double random01) {
    int attempts = 0;
    for (std::uint64_t now = 0; now <= time_ns;
         now += delay_ns(static_cast<std::uint32_t>(attempts), kBase, kMax, random01)) {
        ++attempts;
    }
    return attempts;
}

}  // namespace

TEST_CASE("the wait doubles with each attempt up to the longest", "[routing][unit]") {
    const std::uint64_t expected[] = {500, 1000, 2000, 4000, 8000, 8000, 8000};
    for (std::uint32_t i = 0; i < 7; ++i) CHECK(delay_ns(i + 1, kBase, kMax, 1.0) == expected[i] * kMs);
}

TEST_CASE("half of a wait is fixed, the other random", "[routing][unit]") {
    CHECK(delay_ns(1, kBase, kMax, 0.0) == 250 * kMs);
    CHECK(delay_ns(1, kBase, kMax, 0.5) == 375 * kMs);
    CHECK(delay_ns(3, kBase, kMax, 0.25) == 1250 * kMs);
    CHECK(delay_ns(9, kBase, kMax, 0.0) == 4000 * kMs);
}

TEST_CASE("an upstream that always refuses is tried at most four times in three seconds", "[routing][unit]") {
    for (double random01 : {0.0, 0.3, 0.999}) {
        CHECK(attempts_within(3000 * kMs, random01) <= 4);
        CHECK(attempts_within(3000 * kMs, random01) >= 3);
        CHECK(attempts_within(10000 * kMs, random01) <= 6);
    }
    CHECK(attempts_within(1500 * kMs, 0.0) <= 3);
}

TEST_CASE("no attempt, base or limit makes a wait overflow", "[routing][unit]") {
    for (std::uint32_t attempt : {2u, 40u, 63u, 64u, 65u, 66u, 1000u, 0xFFFFFFFFu}) {
        CHECK(delay_ns(attempt, kBase, kMax, 1.0) <= kMax);
        CHECK(delay_ns(attempt, kBase, kHuge, 0.0) >= kBase);
        CHECK(delay_ns(attempt, kHuge, kHuge, 1.0) == kHuge);
        CHECK(delay_ns(attempt, 0, kMax, 1.0) <= kMax);
    }
    CHECK(delay_ns(0xFFFFFFFFu, 1, kHuge, 1.0) == kHuge);
    CHECK(delay_ns(64, 1, kHuge, 1.0) == std::uint64_t{1} << 63);
    CHECK(delay_ns(1, kMax, kBase, 1.0) == kBase);
}

TEST_CASE("attempt 0 waits like the first", "[routing][unit]") {
    CHECK(delay_ns(0, kBase, kMax, 1.0) == delay_ns(1, kBase, kMax, 1.0));
}

TEST_CASE("a random number out of range is taken for the nearest end", "[routing][unit]") {
    CHECK(delay_ns(1, kBase, kMax, 7.0) == 500 * kMs);
    CHECK(delay_ns(1, kBase, kMax, -7.0) == 250 * kMs);
    CHECK(delay_ns(1, kBase, kMax, std::numeric_limits<double>::quiet_NaN()) == 250 * kMs);
}
