#include "key_pool.hpp"

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

using namespace sluice::openai;

namespace {

constexpr std::uint64_t kMs = 1'000'000;

// A pool with a clock in the test's hands.
struct Bench {
    explicit Bench(std::size_t count, KeyPool::Rules rules = {10'000, 300'000}) : pool(count, rules) {}

    KeyPool::Turn take() { return pool.take(now_ns); }
    // The keys of the next turns, as digits; '-' where none may be used, 't' behind a trial.
    std::string turns(int count) {
        std::string text;
        for (int i = 0; i < count; ++i) {
            const KeyPool::Turn turn = take();
            text += turn.has_key ? std::to_string(turn.index) : "-";
            if (turn.is_trial) text += "t";
        }
        return text;
    }
    KeyChange judge(std::size_t index, int status, std::uint64_t retry_after_ms = 0, bool is_trial = false) {
        return pool.judge(index, is_trial, status, retry_after_ms, now_ns);
    }
    // "usable/resting/retired"
    std::string counts() const {
        const KeyCounts counts = pool.counts(now_ns);
        return std::to_string(counts.usable) + "/" + std::to_string(counts.resting) + "/" +
               std::to_string(counts.retired);
    }
    void advance_ms(std::uint64_t time) { now_ns += time * kMs; }

    std::uint64_t now_ns = 5 * kMs;
    KeyPool pool;
};

}  // namespace

TEST_CASE("keys are taken in turn", "[openai][key]") {
    Bench bench(3);
    CHECK(bench.turns(7) == "0120120");
    CHECK(bench.counts() == "3/0/0");
}

TEST_CASE("a key that comes back is the one that was taken least recently", "[openai][key]") {
    Bench bench(3);
    CHECK(bench.turns(2) == "01");
    CHECK(bench.judge(0, 429, 1000) == KeyChange::kRests);
    CHECK(bench.turns(4) == "2121");
    bench.advance_ms(1000);
    CHECK(bench.turns(4) == "0210");
}

TEST_CASE("a limited key rests for as long as the answer says, or for the cooldown", "[openai][key]") {
    Bench bench(2);
    const auto [retry_after_ms, rest_ms] = GENERATE(table<std::uint64_t, std::uint64_t>(
        {{0, 10'000}, {1, 1}, {2500, 2500}, {600'000, 600'000}, {600'001, 600'000}, {86'400'000, 600'000}}));
    CHECK(bench.judge(0, 429, retry_after_ms) == KeyChange::kRests);
    CHECK(bench.counts() == "1/1/0");
    CHECK(bench.pool.first_rest_ms(bench.now_ns) == rest_ms);
    bench.advance_ms(rest_ms);
    bench.now_ns -= 1;
    CHECK(bench.turns(3) == "111");
    CHECK(bench.pool.first_rest_ms(bench.now_ns) == 1);
    bench.now_ns += 1;
    CHECK(bench.counts() == "2/0/0");
    CHECK(bench.pool.first_rest_ms(bench.now_ns) == 0);
    CHECK(bench.turns(3) == "010");
}

TEST_CASE("a rest is made longer by a later answer, never shorter", "[openai][key]") {
    Bench bench(2);
    CHECK(bench.judge(0, 429, 1000) == KeyChange::kRests);
    CHECK(bench.judge(0, 429, 3000) == KeyChange::kNone);
    CHECK(bench.judge(0, 429, 2000) == KeyChange::kNone);
    bench.advance_ms(2999);
    CHECK(bench.turns(2) == "11");
    bench.advance_ms(1);
    CHECK(bench.turns(2) == "01");
    CHECK(bench.judge(0, 429, 1000) == KeyChange::kRests);
}

TEST_CASE("where all keys rest, the wait is that of the first to come back", "[openai][key]") {
    Bench bench(3);
    bench.judge(0, 429, 3000);
    bench.judge(1, 429, 2000);
    bench.judge(2, 401);
    const KeyPool::Turn turn = bench.take();
    CHECK_FALSE(turn.has_key);
    CHECK(turn.wait_ms == 2000);
    bench.advance_ms(1999);
    bench.now_ns += 1;
    CHECK(bench.take().wait_ms == 1);
    bench.advance_ms(1);
    CHECK(bench.turns(2) == "11");
}

TEST_CASE("a refused key is retired, and tried again by one request", "[openai][key]") {
    Bench bench(2);
    const int status = GENERATE(401, 403);
    CHECK(bench.judge(0, status) == KeyChange::kRetired);
    CHECK(bench.counts() == "1/0/1");
    bench.advance_ms(299'999);
    CHECK(bench.turns(3) == "111");
    bench.advance_ms(1);
    CHECK(bench.counts() == "1/0/1");
    CHECK(bench.turns(3) == "0t11");
    SECTION("an answer restores it") {
        CHECK(bench.judge(0, GENERATE(200, 400, 404), 0, true) == KeyChange::kRestored);
        CHECK(bench.counts() == "2/0/0");
        CHECK(bench.turns(3) == "010");
    }
    SECTION("another refusal retires it for as long again") {
        CHECK(bench.judge(0, status, 0, true) == KeyChange::kRetired);
        bench.advance_ms(299'999);
        CHECK(bench.turns(2) == "11");
        bench.advance_ms(1);
        CHECK(bench.turns(2) == "0t1");
    }
    SECTION("a limit says that the key is taken") {
        CHECK(bench.judge(0, 429, 1000, true) == KeyChange::kRests);
        CHECK(bench.counts() == "1/1/0");
        bench.advance_ms(1000);
        CHECK(bench.turns(2) == "01");
    }
    SECTION("an upstream in trouble says nothing: the next request tries it") {
        CHECK(bench.judge(0, 503, 0, true) == KeyChange::kNone);
        CHECK(bench.counts() == "1/0/1");
        CHECK(bench.turns(2) == "0t1");
    }
    SECTION("a request that got no answer leaves it to the next") {
        bench.pool.end_trial(0);
        CHECK(bench.turns(2) == "0t1");
    }
}

TEST_CASE("answers to requests from before a retirement change nothing", "[openai][key]") {
    Bench bench(2);
    bench.judge(0, 401);
    bench.advance_ms(1000);
    for (const int status : {200, 401, 403, 429}) CHECK(bench.judge(0, status) == KeyChange::kNone);
    CHECK(bench.counts() == "1/0/1");
    bench.advance_ms(299'000);
    CHECK(bench.turns(2) == "0t1");
    CHECK(bench.judge(0, 200) == KeyChange::kNone);
    CHECK(bench.counts() == "1/0/1");
}

TEST_CASE("where all keys are retired, there is nothing to wait for", "[openai][key]") {
    Bench bench(2);
    bench.judge(0, 401);
    bench.judge(1, 403);
    CHECK(bench.counts() == "0/0/2");
    CHECK_FALSE(bench.take().has_key);
    CHECK(bench.take().wait_ms == 0);
    bench.advance_ms(300'000);
    CHECK(bench.turns(3) == "0t1t-");
}

TEST_CASE("other answers say nothing about a key", "[openai][key]") {
    Bench bench(2);
    for (const int status : {200, 204, 400, 404, 408, 500, 502, 503}) {
        CHECK(bench.judge(0, status, 1000) == KeyChange::kNone);
    }
    CHECK(bench.counts() == "2/0/0");
}

TEST_CASE("threads share the keys evenly", "[openai][key]") {
    constexpr std::size_t kKeys = 4;
    constexpr int kTurns = 4000;
    Bench bench(kKeys);
    std::vector<std::vector<int>> taken(4, std::vector<int>(kKeys));
    std::vector<std::thread> threads;
    for (std::vector<int>& mine : taken) {
        threads.emplace_back([&] {
            for (int i = 0; i < kTurns; ++i) {
                const KeyPool::Turn turn = bench.pool.take(5 * kMs);
                ++mine[turn.index];
                bench.pool.judge(turn.index, turn.is_trial, 200, 0, 5 * kMs);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    for (std::size_t key = 0; key < kKeys; ++key) {
        int sum = 0;
        for (const std::vector<int>& mine : taken) sum += mine[key];
        CHECK(sum == kTurns);
    }
}
