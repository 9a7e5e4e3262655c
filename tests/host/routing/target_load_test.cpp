#include "routing/target_load.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <thread>
#include <vector>

using sluice::routing::TargetLoad;

namespace {

constexpr std::uint64_t kMs = 1000000;
constexpr std::uint64_t kSecond = 1000 * kMs;
constexpr std::uint64_t kStart = 1000 * kSecond;

/// In milliseconds, rounded.
std::uint64_t recent_ms(const TargetLoad& load, std::uint64_t now_ns) {
    return (load.recent_first_token_ns(now_ns) + kMs / 2) / kMs;
}

}  // namespace

TEST_CASE("a target takes as many calls as its limit, and more when some leave", "[routing][unit]") {
    TargetLoad load;
    CHECK(load.try_enter(2));
    CHECK(load.try_enter(2));
    CHECK_FALSE(load.try_enter(2));
    CHECK(load.in_flight() == 2);
    load.leave();
    CHECK(load.try_enter(2));
    CHECK_FALSE(load.try_enter(1));
    CHECK(load.in_flight() == 2);
}

TEST_CASE("without a limit a target takes any number of calls", "[routing][unit]") {
    TargetLoad load;
    for (int i = 0; i < 1000; ++i) REQUIRE(load.try_enter(0));
    CHECK(load.in_flight() == 1000);
}

TEST_CASE("the time to first token is unknown before the first answer", "[routing][unit]") {
    TargetLoad load;
    CHECK(load.recent_first_token_ns(0) == 0);
    CHECK(load.recent_first_token_ns(kStart) == 0);
    load.note_first_token(0, kStart);
    CHECK(load.recent_first_token_ns(kStart) == 1);
}

TEST_CASE("answers of one moment count alike", "[routing][unit]") {
    TargetLoad load;
    load.note_first_token(100 * kMs, kStart);
    CHECK(recent_ms(load, kStart) == 100);
    load.note_first_token(300 * kMs, kStart);
    CHECK(recent_ms(load, kStart) == 200);
    load.note_first_token(500 * kMs, kStart);
    CHECK(recent_ms(load, kStart) == 300);
}

TEST_CASE("an answer counts half as much as one ten seconds later", "[routing][unit]") {
    TargetLoad load;
    load.note_first_token(900 * kMs, kStart);
    load.note_first_token(300 * kMs, kStart + 10 * kSecond);
    CHECK(recent_ms(load, kStart + 10 * kSecond) == 500);  // (450 + 300) / 1.5
}

TEST_CASE("the estimate of a target that is not used halves every ten seconds and is then unknown", "[routing][unit]") {
    TargetLoad load;
    load.note_first_token(800 * kMs, kStart);
    CHECK(recent_ms(load, kStart + 10 * kSecond) == 400);
    CHECK(recent_ms(load, kStart + 20 * kSecond) == 200);
    CHECK(load.recent_first_token_ns(kStart + 60 * kSecond - 1) > 0);
    CHECK(load.recent_first_token_ns(kStart + 60 * kSecond) == 0);
}

TEST_CASE("what was forgotten does not count in the next average", "[routing][unit]") {
    TargetLoad load;
    for (int i = 0; i < 1000; ++i) load.note_first_token(60 * kSecond, kStart);
    load.note_first_token(100 * kMs, kStart + 60 * kSecond);
    CHECK(recent_ms(load, kStart + 60 * kSecond) == 100);
}

TEST_CASE("an answer of a thread whose clock is behind does not make the others older", "[routing][unit]") {
    TargetLoad load;
    load.note_first_token(100 * kMs, kStart);
    load.note_first_token(300 * kMs, kStart - 20 * kSecond);
    CHECK(recent_ms(load, kStart) == 200);
    CHECK(recent_ms(load, kStart - kSecond) == 200);
}

TEST_CASE("several threads never exceed the limit, and all that enter leave", "[routing][unit]") {
    constexpr std::uint32_t kLimit = 3;
    TargetLoad load;
    std::atomic<std::uint32_t> inside{0}, most{0}, entered{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int turn = 0; turn < 20000; ++turn) {
                if (!load.try_enter(kLimit)) continue;
                ++entered;
                const std::uint32_t now_inside = ++inside;
                std::uint32_t known = most;
                while (now_inside > known && !most.compare_exchange_weak(known, now_inside)) {
                }
                --inside;
                load.leave();
            }
        });
    }
    for (std::thread& each : threads) each.join();
    CHECK(entered > 0);
    CHECK(most <= kLimit);
    CHECK(load.in_flight() == 0);
}

TEST_CASE("the places of a target are given to exactly as many threads", "[routing][unit]") {
    TargetLoad load;
    std::atomic<int> entered{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int turn = 0; turn < 5000; ++turn) entered += load.try_enter(12345) ? 1 : 0;
        });
    }
    for (std::thread& each : threads) each.join();
    CHECK(entered == 12345);
    CHECK(load.in_flight() == 12345);
}

TEST_CASE("the answers of all threads are in the average", "[routing][unit]") {
    TargetLoad load;
    std::vector<std::thread> threads;
    for (std::uint64_t part = 1; part <= 4; ++part) {
        threads.emplace_back([&load, part] {
            for (int i = 0; i < 2000; ++i) load.note_first_token(part * 100 * kMs, kStart);
        });
    }
    for (std::thread& each : threads) each.join();
    CHECK(recent_ms(load, kStart) == 250);
    load.note_first_token(250 * kMs + 8001 * 10 * kMs, kStart);  // one of 8001
    CHECK(recent_ms(load, kStart) == 260);
}
