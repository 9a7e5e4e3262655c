#include "routing/circuit_breaker.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <thread>
#include <vector>

using sluice::routing::BreakerLimits;
using sluice::routing::CircuitBreaker;
using Admission = CircuitBreaker::Admission;
using Change = CircuitBreaker::Change;
using State = CircuitBreaker::State;
using Verdict = CircuitBreaker::Verdict;

namespace {

constexpr std::uint64_t kMs = 1000000;
constexpr std::uint64_t kSecond = 1000 * kMs;

/// A breaker with the default limits, on a clock that stands still.
struct Stage {
    Admission admit() { return breaker.admit(now, limits); }
    State state() const { return breaker.state(now, limits); }
    std::uint64_t retry_in() const { return breaker.retry_in_ns(now, limits); }
    Change end(Admission admission, Verdict verdict, std::uint64_t duration = 0) {
        return breaker.end(admission, verdict, duration, now, limits);
    }
    /// Calls that end at once; true if one of them opened the circuit.
    bool run(int count, Verdict verdict, std::uint64_t duration = 0) {
        bool has_opened = false;
        for (int i = 0; i < count; ++i) has_opened |= end(admit(), verdict, duration) == Change::kOpened;
        return has_opened;
    }
    void open() {
        REQUIRE(run(5, Verdict::kBad));
        REQUIRE(state() == State::kOpen);
    }

    BreakerLimits limits;
    CircuitBreaker breaker;
    std::uint64_t now = 1000 * kSecond;
};

template <typename Action>
void in_threads(int count, Action action) {
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i) threads.emplace_back(action);
    for (std::thread& each : threads) each.join();
}

}  // namespace

TEST_CASE("the fifth of five bad calls opens the circuit", "[routing][unit]") {
    Stage stage;
    CHECK_FALSE(stage.run(4, Verdict::kBad));
    CHECK(stage.state() == State::kClosed);
    CHECK(stage.admit() == Admission::kAdmitted);
    CHECK(stage.run(1, Verdict::kBad));
    CHECK(stage.state() == State::kOpen);
    CHECK(stage.admit() == Admission::kRefused);
    CHECK(stage.retry_in() == 10 * kSecond);
}

TEST_CASE("a circuit opens when the bad calls reach their share, and at a bad call only", "[routing][unit]") {
    Stage stage;
    stage.limits.failure_share = 0.55;
    CHECK_FALSE(stage.run(9, Verdict::kGood));
    CHECK_FALSE(stage.run(10, Verdict::kBad));
    CHECK(stage.run(1, Verdict::kBad));  // 11 of 20

    Stage other;
    CHECK_FALSE(other.run(3, Verdict::kBad));
    CHECK_FALSE(other.run(2, Verdict::kGood));  // 3 of 5
    CHECK(other.run(1, Verdict::kBad));
}

TEST_CASE("bad calls that are older than the window do not open a circuit", "[routing][unit]") {
    Stage stage;
    CHECK_FALSE(stage.run(4, Verdict::kBad));
    stage.now += 30 * kSecond;
    CHECK_FALSE(stage.run(4, Verdict::kBad));
    stage.now += 20 * kSecond;
    CHECK(stage.run(1, Verdict::kBad));
}

TEST_CASE("calls that end unknown count neither way", "[routing][unit]") {
    Stage stage;
    CHECK_FALSE(stage.run(100, Verdict::kUnknown, 60 * kSecond));
    CHECK_FALSE(stage.run(4, Verdict::kBad));
    CHECK_FALSE(stage.run(100, Verdict::kUnknown));
    CHECK(stage.run(1, Verdict::kBad));
}

TEST_CASE("slow calls open a circuit where they are judged", "[routing][unit]") {
    Stage stage;
    CHECK_FALSE(stage.run(100, Verdict::kGood, 60 * kSecond));
    stage.limits.slow_ns = 2 * kSecond;
    stage.limits.slow_share = 0.8;
    stage.now += 100 * kSecond;
    CHECK_FALSE(stage.run(2, Verdict::kGood, 2 * kSecond));  // not slow
    CHECK_FALSE(stage.run(7, Verdict::kGood, 2 * kSecond + 1));
    CHECK(stage.run(1, Verdict::kGood, 3 * kSecond));  // 8 of 10
    CHECK(stage.admit() == Admission::kRefused);
}

TEST_CASE("a call that is slow and bad counts as both", "[routing][unit]") {
    Stage stage;
    stage.limits.slow_ns = kSecond;
    stage.limits.failure_share = 2;
    CHECK_FALSE(stage.run(4, Verdict::kBad, 2 * kSecond));
    CHECK(stage.run(1, Verdict::kGood, 2 * kSecond));
    Stage other;
    other.limits.slow_ns = kSecond;
    other.limits.slow_share = 2;
    CHECK_FALSE(other.run(4, Verdict::kBad, 2 * kSecond));
    CHECK(other.run(1, Verdict::kBad));
}

TEST_CASE("after the wait one call at a time is let through as a probe", "[routing][unit]") {
    Stage stage;
    stage.open();
    stage.now += 10 * kSecond - 1;
    CHECK(stage.admit() == Admission::kRefused);
    CHECK(stage.state() == State::kOpen);
    CHECK(stage.retry_in() == 1);
    stage.now += 1;
    CHECK(stage.state() == State::kHalfOpen);
    CHECK(stage.retry_in() == 0);
    CHECK(stage.admit() == Admission::kProbe);
    CHECK(stage.state() == State::kHalfOpen);
    CHECK(stage.admit() == Admission::kRefused);
    stage.now += 100 * kSecond;
    CHECK(stage.admit() == Admission::kRefused);
}

TEST_CASE("a good probe closes the circuit and empties the window", "[routing][unit]") {
    Stage stage;
    stage.limits.window_ns = 1000 * kSecond;
    stage.open();
    stage.now += 10 * kSecond;
    CHECK(stage.end(stage.admit(), Verdict::kGood) == Change::kClosed);
    CHECK(stage.state() == State::kClosed);
    CHECK(stage.retry_in() == 0);
    CHECK_FALSE(stage.run(4, Verdict::kBad));
    CHECK(stage.run(1, Verdict::kBad));
}

TEST_CASE("a probe that fails or is slow opens the circuit for another wait", "[routing][unit]") {
    Stage stage;
    stage.limits.slow_ns = kSecond;
    stage.open();
    for (auto [verdict, duration] : {std::pair{Verdict::kBad, 0 * kMs}, {Verdict::kGood, 1001 * kMs}}) {
        stage.now += 10 * kSecond;
        const Admission probe = stage.admit();
        REQUIRE(probe == Admission::kProbe);
        stage.now += 3 * kSecond;
        CHECK(stage.end(probe, verdict, duration) == Change::kNone);
        CHECK(stage.state() == State::kOpen);
        CHECK(stage.retry_in() == 10 * kSecond);
        CHECK(stage.admit() == Admission::kRefused);
    }
}

TEST_CASE("a probe that ends unknown gives its place to the next call", "[routing][unit]") {
    Stage stage;
    stage.open();
    stage.now += 10 * kSecond;
    CHECK(stage.end(stage.admit(), Verdict::kUnknown, 60 * kSecond) == Change::kNone);
    CHECK(stage.state() == State::kHalfOpen);
    CHECK(stage.admit() == Admission::kProbe);
    CHECK(stage.admit() == Admission::kRefused);
}

TEST_CASE("the late end of a call neither closes an open circuit nor makes the wait longer", "[routing][unit]") {
    Stage stage;
    const Admission admitted = stage.admit();
    stage.open();
    stage.now += 9 * kSecond;
    for (Verdict verdict : {Verdict::kGood, Verdict::kBad, Verdict::kUnknown}) {
        CHECK(stage.end(admitted, verdict, 9 * kSecond) == Change::kNone);
        CHECK(stage.state() == State::kOpen);
        CHECK(stage.retry_in() == kSecond);
    }
    stage.now += kSecond;
    const Admission probe = stage.admit();
    CHECK(stage.end(admitted, Verdict::kBad, 10 * kSecond) == Change::kNone);
    CHECK(stage.end(admitted, Verdict::kGood, 10 * kSecond) == Change::kNone);
    CHECK(stage.state() == State::kHalfOpen);
    CHECK(stage.end(probe, Verdict::kGood) == Change::kClosed);
}

TEST_CASE("the ends of calls from before the opening do not open the circuit that has closed since",
          "[routing][unit]") {
    Stage stage;
    stage.open();
    stage.now += 10 * kSecond;
    REQUIRE(stage.end(stage.admit(), Verdict::kGood) == Change::kClosed);
    stage.now += kSecond;
    for (int i = 0; i < 20; ++i) CHECK(stage.end(Admission::kAdmitted, Verdict::kBad, 12 * kSecond) == Change::kNone);
    CHECK_FALSE(stage.run(4, Verdict::kBad, kSecond));
    CHECK(stage.run(1, Verdict::kBad, kSecond));
}

TEST_CASE("the end of a refused call changes nothing", "[routing][unit]") {
    Stage stage;
    for (int i = 0; i < 20; ++i) CHECK(stage.end(Admission::kRefused, Verdict::kBad) == Change::kNone);
    CHECK(stage.state() == State::kClosed);
    stage.open();
    stage.now += 10 * kSecond;
    REQUIRE(stage.admit() == Admission::kProbe);
    CHECK(stage.end(stage.admit(), Verdict::kGood) == Change::kNone);
    CHECK(stage.state() == State::kHalfOpen);
}

TEST_CASE("a good check of the target's health lets the next call through as a probe", "[routing][unit]") {
    Stage stage;
    stage.open();
    stage.now += kSecond;
    stage.breaker.heard_healthy(stage.now);
    CHECK(stage.state() == State::kHalfOpen);
    CHECK(stage.retry_in() == 0);
    const Admission probe = stage.admit();
    CHECK(probe == Admission::kProbe);
    CHECK(stage.admit() == Admission::kRefused);
    stage.breaker.heard_healthy(stage.now);
    CHECK(stage.admit() == Admission::kRefused);
    CHECK(stage.end(probe, Verdict::kBad) == Change::kNone);
    CHECK(stage.state() == State::kOpen);
    CHECK(stage.retry_in() == 10 * kSecond);
}

TEST_CASE("a check of health from before the opening says nothing", "[routing][unit]") {
    Stage stage;
    stage.breaker.heard_healthy(stage.now);
    CHECK(stage.state() == State::kClosed);
    stage.open();
    stage.breaker.heard_healthy(stage.now - 1);
    CHECK(stage.state() == State::kOpen);
    CHECK(stage.admit() == Admission::kRefused);
}

TEST_CASE("limits that change hold at once", "[routing][unit]") {
    Stage stage;
    stage.run(3, Verdict::kBad);
    stage.limits.min_calls = 2;
    CHECK(stage.run(1, Verdict::kBad));
    stage.now += kSecond;
    CHECK(stage.admit() == Admission::kRefused);
    stage.limits.open_ns = kSecond;
    CHECK(stage.admit() == Admission::kProbe);
}

TEST_CASE("an upstream that is down for a minute is asked little, and again soon after it recovers",
          "[routing][unit]") {
    Stage stage;
    const std::uint64_t begin = stage.now;
    int asked_while_down = 0;
    std::uint64_t closed_at = 0;
    for (; stage.now < begin + 120 * kSecond && closed_at == 0; stage.now += 4 * kSecond) {
        const Admission admission = stage.admit();
        if (admission == Admission::kRefused) continue;
        const bool is_down = stage.now < begin + 60 * kSecond;
        asked_while_down += is_down ? 1 : 0;
        if (stage.end(admission, is_down ? Verdict::kBad : Verdict::kGood, kMs) == Change::kClosed)
            closed_at = stage.now;
    }
    CHECK(asked_while_down <= 5 + 4);
    CHECK(closed_at > begin);
    CHECK(closed_at <= begin + (60 + 14) * kSecond);
}

TEST_CASE("the ends of all threads are counted", "[routing][unit]") {
    constexpr int kThreads = 4;
    constexpr int kEach = 2000;
    Stage stage;
    in_threads(kThreads, [&] { stage.run(kEach, Verdict::kGood, 1); });
    in_threads(kThreads, [&] { stage.run(kEach - 1, Verdict::kBad, 1); });
    CHECK(stage.state() == State::kClosed);
    CHECK_FALSE(stage.run(kThreads - 1, Verdict::kBad));
    CHECK(stage.run(1, Verdict::kBad));
}

TEST_CASE("of several threads one opens the circuit, one has the probe, and one closes it", "[routing][unit]") {
    for (int round = 0; round < 50; ++round) {
        Stage stage;
        std::atomic<int> opened{0}, probes{0}, closed{0};
        in_threads(4, [&] {
            for (int i = 0; i < 10; ++i) {
                if (stage.end(Admission::kAdmitted, Verdict::kBad) == Change::kOpened) ++opened;
            }
        });
        stage.now += 10 * kSecond;
        in_threads(4, [&] {
            if (stage.admit() == Admission::kProbe) ++probes;
        });
        in_threads(4, [&] {
            if (stage.end(Admission::kProbe, Verdict::kGood) == Change::kClosed) ++closed;
        });
        REQUIRE(opened == 1);
        REQUIRE(probes == 1);
        REQUIRE(closed == 1);
    }
}

TEST_CASE("there is never more than one probe, while others end, give up and hear of health", "[routing][unit]") {
    Stage stage;
    stage.open();
    stage.limits.open_ns = 0;
    stage.limits.failure_share = 0.01;
    stage.limits.min_calls = 1;
    std::atomic<int> under_way{0}, probes{0}, most{0};
    in_threads(4, [&] {
        for (int i = 0; i < 5000; ++i) {
            const Admission admission = stage.admit();
            if (admission == Admission::kProbe) {
                ++probes;
                if (++under_way > 1) most = 2;
                --under_way;
            }
            stage.breaker.heard_healthy(stage.now);
            stage.end(admission, i % 3 == 0 ? Verdict::kUnknown : i % 3 == 1 ? Verdict::kBad : Verdict::kGood);
        }
    });
    CHECK(most == 0);
    CHECK(probes > 0);
}
