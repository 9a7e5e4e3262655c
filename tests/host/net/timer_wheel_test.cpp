#include "net/timer_wheel.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <vector>

using sluice::net::Timer;
using sluice::net::TimerWheel;

namespace {

constexpr std::uint64_t kMillisecond = 1'000'000;
constexpr std::uint64_t kHour = 3600 * 1000 * kMillisecond;
constexpr std::uint64_t kTick = 1ull << 20;  // the wheel's resolution
constexpr std::uint64_t kStart = 123'456'789'012'345;

/// A timer that notes when it fired, and runs what the test wants then.
struct Alarm final : Timer {
    explicit Alarm(const std::uint64_t& clock) : now(clock) {}
    void on_timer() override {
        fired_at.push_back(now);
        if (then) then();
    }
    const std::uint64_t& now;
    std::vector<std::uint64_t> fired_at;
    std::function<void()> then;
};

struct Stage {
    /// Sleeps as the loop does until `end`: only as long as the wheel says.
    void run_until(std::uint64_t end) {
        while (now < end) {
            int wait_ms = wheel.milliseconds_to_next(now);
            std::uint64_t next = wait_ms < 0 ? end : now + static_cast<std::uint64_t>(wait_ms) * kMillisecond;
            now = std::min(end, std::max(next, now + 1));
            wheel.advance(now);
            ++rounds;
        }
    }
    std::uint64_t now = kStart;
    TimerWheel wheel{kStart};
    int rounds = 0;
};

}  // namespace

TEST_CASE("a timer fires once, never early and at most a tick and a millisecond late", "[net][unit]") {
    Stage stage;
    auto delay = GENERATE(std::uint64_t{0}, 1, kMillisecond - 1, kMillisecond, 7 * kMillisecond, 63 * kTick, 64 * kTick,
                          65 * kTick, 4095 * kTick, 4096 * kTick, 15'000 * kMillisecond, 300'000 * kMillisecond, kHour,
                          5 * kHour, 400 * kHour);
    Alarm alarm(stage.now);
    stage.wheel.set(alarm, kStart + delay);
    stage.run_until(kStart + delay + 10 * kMillisecond);
    REQUIRE(alarm.fired_at.size() == 1);
    CHECK(alarm.fired_at[0] >= kStart + delay);
    CHECK(alarm.fired_at[0] <= kStart + delay + kTick + kMillisecond);
}

TEST_CASE("waiting for a far deadline takes few rounds", "[net][unit]") {
    Stage stage;
    Alarm alarm(stage.now);
    stage.wheel.set(alarm, kStart + 10 * kHour);
    stage.run_until(kStart + 10 * kHour + 10 * kMillisecond);
    CHECK(alarm.fired_at.size() == 1);
    CHECK(stage.rounds < 40);
}

TEST_CASE("a wheel without timers has nothing to wait for", "[net][unit]") {
    Stage stage;
    CHECK(stage.wheel.milliseconds_to_next(kStart) == -1);
    {
        Alarm alarm(stage.now);
        stage.wheel.set(alarm, kStart + kHour);
        CHECK(stage.wheel.milliseconds_to_next(kStart) > 0);
    }
    CHECK(stage.wheel.milliseconds_to_next(kStart) == -1);
    stage.wheel.advance(kStart + 2 * kHour);
}

TEST_CASE("a deadline that is moved counts from its last setting", "[net][unit]") {
    Stage stage;
    Alarm alarm(stage.now);
    stage.wheel.set(alarm, kStart + 500 * kMillisecond);
    stage.run_until(kStart + 200 * kMillisecond);
    SECTION("later") {
        stage.wheel.set(alarm, kStart + 900 * kMillisecond);
        stage.run_until(kStart + 899 * kMillisecond);
        CHECK(alarm.fired_at.empty());
        stage.run_until(kStart + 903 * kMillisecond);
        CHECK(alarm.fired_at.size() == 1);
    }
    SECTION("earlier") {
        stage.wheel.set(alarm, kStart + 300 * kMillisecond);
        stage.run_until(kStart + 299 * kMillisecond);
        CHECK(alarm.fired_at.empty());
        stage.run_until(kStart + 303 * kMillisecond);
        CHECK(alarm.fired_at.size() == 1);
    }
    SECTION("later and earlier again") {
        stage.wheel.set(alarm, kStart + kHour);
        stage.wheel.set(alarm, kStart + 400 * kMillisecond);
        stage.run_until(kStart + 403 * kMillisecond);
        CHECK(alarm.fired_at.size() == 1);
    }
    SECTION("into the past") {
        stage.wheel.set(alarm, kStart);
        stage.run_until(stage.now + 3 * kMillisecond);
        CHECK(alarm.fired_at.size() == 1);
    }
    stage.run_until(kStart + 2 * kHour);
    CHECK(alarm.fired_at.size() == 1);
}

TEST_CASE("a timer that is stopped does not fire and can be set again", "[net][unit]") {
    Stage stage;
    Alarm alarm(stage.now);
    stage.wheel.set(alarm, kStart + 50 * kMillisecond);
    stage.wheel.stop(alarm);
    stage.run_until(kStart + 20 * kMillisecond);
    SECTION("never again") {
        stage.run_until(kStart + kHour);
        CHECK(alarm.fired_at.empty());
    }
    SECTION("to an earlier time than before") {
        stage.wheel.set(alarm, kStart + 30 * kMillisecond);
        stage.run_until(kStart + 33 * kMillisecond);
        CHECK(alarm.fired_at.size() == 1);
    }
    SECTION("to a later time than before") {
        stage.wheel.set(alarm, kStart + 70 * kMillisecond);
        stage.run_until(kStart + 69 * kMillisecond);
        CHECK(alarm.fired_at.empty());
        stage.run_until(kStart + 73 * kMillisecond);
        CHECK(alarm.fired_at.size() == 1);
    }
}

TEST_CASE("a timer may be set again inside its own callback", "[net][unit]") {
    Stage stage;
    Alarm alarm(stage.now);
    alarm.then = [&] { stage.wheel.set(alarm, stage.now + 10 * kMillisecond); };
    stage.wheel.set(alarm, kStart + 10 * kMillisecond);
    stage.run_until(kStart + 1000 * kMillisecond);
    CHECK(alarm.fired_at.size() >= 80);
    CHECK(alarm.fired_at.size() <= 100);
}

TEST_CASE("a callback may destroy its own timer and any other", "[net][unit]") {
    Stage stage;
    std::vector<std::unique_ptr<Alarm>> alarms;
    for (int i = 0; i < 10; ++i) alarms.push_back(std::make_unique<Alarm>(stage.now));
    std::size_t fired = 0;
    for (auto& alarm : alarms) {
        alarm->then = [&] {
            ++fired;
            alarms.clear();  // all ten are due in the same slot
        };
        stage.wheel.set(*alarm, kStart + 5 * kMillisecond);
    }
    stage.run_until(kStart + 20 * kMillisecond);
    CHECK(fired == 1);
    CHECK(stage.wheel.milliseconds_to_next(stage.now) == -1);
}

TEST_CASE("a callback may stop and move the timers that are due with it", "[net][unit]") {
    Stage stage;
    Alarm first(stage.now), second(stage.now);
    first.then = [&] { stage.wheel.stop(second); };
    second.then = [&] { stage.wheel.set(first, stage.now + 100 * kMillisecond); };
    stage.wheel.set(first, kStart + 5 * kMillisecond);
    stage.wheel.set(second, kStart + 5 * kMillisecond);
    stage.run_until(kStart + 20 * kMillisecond);
    CHECK(first.fired_at.size() + second.fired_at.size() == 1);
    stage.run_until(kStart + 200 * kMillisecond);
    CHECK(first.fired_at.size() == 1);
}

TEST_CASE("one long jump fires everything that is due and nothing else", "[net][unit]") {
    Stage stage;
    Alarm near(stage.now), far(stage.now), later(stage.now);
    stage.wheel.set(near, kStart + 3 * kMillisecond);
    stage.wheel.set(far, kStart + 20 * kHour);
    stage.wheel.set(later, kStart + 31 * kHour);
    stage.now = kStart + 30 * kHour;
    stage.wheel.advance(stage.now);
    CHECK(near.fired_at.size() == 1);
    CHECK(far.fired_at.size() == 1);
    CHECK(later.fired_at.empty());
}

TEST_CASE("thousands of random settings agree with a plain list of deadlines", "[net][unit]") {
    Stage stage;
    std::mt19937_64 random(20240607);
    constexpr std::size_t kCount = 2000;
    std::vector<std::unique_ptr<Alarm>> alarms;
    std::vector<std::optional<std::uint64_t>> deadlines(kCount);
    std::size_t wrong = 0, fired = 0;
    for (std::size_t i = 0; i < kCount; ++i) {
        alarms.push_back(std::make_unique<Alarm>(stage.now));
        alarms[i]->then = [&, i] {
            wrong += !deadlines[i] || stage.now < *deadlines[i] || stage.now > *deadlines[i] + kTick + kMillisecond;
            deadlines[i].reset();
            ++fired;
        };
    }
    for (int step = 0; step < 20'000; ++step) {
        std::size_t i = random() % kCount;
        // Spread over all levels: the number of bits is what is drawn evenly.
        std::uint64_t delay = random() >> (20 + random() % 40);
        delay %= 1000 * kHour;
        switch (random() % 4) {
            case 0:
                stage.wheel.stop(*alarms[i]);
                deadlines[i].reset();
                break;
            case 1: stage.run_until(stage.now + random() % (50 * kMillisecond)); break;
            default: stage.wheel.set(*alarms[i], stage.now + delay); deadlines[i] = stage.now + delay;
        }
    }
    stage.run_until(stage.now + 1001 * kHour);
    CHECK(wrong == 0);
    CHECK(fired > 3000);
    for (const auto& deadline : deadlines) REQUIRE_FALSE(deadline.has_value());
}
