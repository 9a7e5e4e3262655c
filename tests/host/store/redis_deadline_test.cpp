// A server that answers late, in part or not at all.
#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>
#include <set>
#include <thread>

#include "redis_server.hpp"
#include "scripted_redis.hpp"
#include "store/redis_store.hpp"
#include "test_loop.hpp"

using namespace sluice::store;
using namespace sluice::store::test;
using namespace std::chrono_literals;

namespace {

using Time = std::chrono::steady_clock;

// 200 ms are configured; the rest is for a busy machine. What keeps no deadline takes longer than this.
constexpr auto kInTime = 6s;

/// Asks once, and says how long that took.
std::pair<Answer, Time::duration> timed_get(Namespace& space) {
    const auto begin = Time::now();
    Answer answer = Asking(space).get("k");
    return {std::move(answer), Time::now() - begin};
}

}  // namespace

TEST_CASE("half a reply is no reply, and is waited for no longer than a whole one", "[store][unit]") {
    for (const char* half :
         {"*2\r\n$10\r\nabc", "*2\r\n$3\r\nabc\r\n:", "*2\r\n$1", "*", "*2\r\n$10\r\nabc\r\n:1\r\n"}) {
        CAPTURE(half);
        ScriptedRedis server([half](int connection, int) { ScriptedRedis::say(connection, half); });
        RedisStore store(server.config());
        const auto [answer, lasted] = timed_get(*store.open_namespace("n"));
        CHECK(answer.outcome == SLUICE_STORE_FAILED);
        CHECK(lasted < kInTime);
    }
}

TEST_CASE("a reply that drips has no more time than any other", "[store][unit]") {
    ScriptedRedis* running = nullptr;
    ScriptedRedis server([&running](int connection, int) {
        ScriptedRedis::say(connection, "*2\r\n$500\r\n");
        for (int byte = 0; byte < 500 && !running->is_ending; ++byte) {
            ScriptedRedis::say(connection, "x");
            std::this_thread::sleep_for(40ms);
        }
    });
    running = &server;
    RedisStore store(server.config());
    const auto [answer, lasted] = timed_get(*store.open_namespace("n"));
    CHECK(answer.outcome == SLUICE_STORE_FAILED);
    CHECK(lasted < kInTime);
}

TEST_CASE("a server that closes in the middle of a number has not answered", "[store][unit]") {
    ScriptedRedis server([](int connection, int) {
        ScriptedRedis::say(connection, "*2\r\n$1\r\n7\r\n:1");
        shutdown(connection, SHUT_RDWR);
    });
    RedisStore store(server.config());
    const auto [answer, lasted] = timed_get(*store.open_namespace("n"));
    CHECK(answer.outcome == SLUICE_STORE_FAILED);
    CHECK_THAT(answer.value, Catch::Contains("closed the connection"));
    CHECK(lasted < kInTime);
}

TEST_CASE("what is no reply of Redis ends the connection, not the gateway", "[store][unit]") {
    for (const char* reply : {"HTTP/1.1 400 Bad Request\r\n\r\n", "*x\r\n", "$9999999999\r\n", ":1\r\n", "*0\r\n"}) {
        CAPTURE(reply);
        ScriptedRedis server([reply](int connection, int) { ScriptedRedis::say(connection, reply); });
        RedisStore store(server.config());
        CHECK(timed_get(*store.open_namespace("n")).first.outcome == SLUICE_STORE_FAILED);
    }
}

TEST_CASE("what waits behind others waits no longer than its own time", "[store][unit]") {
    ScriptedRedis server([](int connection, int count) {
        std::this_thread::sleep_for(120ms);
        std::string replies;
        for (int reply = 0; reply < count; ++reply) replies += "*2\r\n$-1\r\n:1\r\n";
        ScriptedRedis::say(connection, replies);
    });
    RedisStore store(server.config());
    const auto space = store.open_namespace("n");
    Asking asking(*space);
    std::vector<Awaited> answers(3000);
    const std::string key(2000, 'k');  // The server sees some thirty at a time.
    const auto begin = Time::now();
    for (Awaited& awaited : answers) space->get(key, asking.loop().asker(&Awaited::take, &awaited));
    REQUIRE(asking.loop().run_until([&] {
        return std::all_of(answers.begin(), answers.end(), [](const Awaited& each) { return each.is_there; });
    }));
    CHECK(Time::now() - begin < kInTime);
}

TEST_CASE("a server that reads nothing holds up neither an operation nor the end of the store", "[store][unit]") {
    RedisServer server;
    sluice::config::Redis config = server.config();
    config.timeout = 200ms;
    auto store = std::make_unique<RedisStore>(config);
    auto space = store->open_namespace("n");
    Asking asking(*space);
    server.pause();
    std::vector<Awaited> answers(8);
    const std::string large(4 << 20, 'x');
    const auto begin = Time::now();
    for (Awaited& awaited : answers) space->put("k", large, {}, asking.loop().asker(&Awaited::take, &awaited));
    const bool are_there = asking.loop().run_until(
        [&] { return std::all_of(answers.begin(), answers.end(), [](const Awaited& each) { return each.is_there; }); });
    const auto answered = Time::now() - begin;
    server.go_on();
    REQUIRE(are_there);
    CHECK(answered < kInTime);
    CHECK(answers.front().answer.outcome == SLUICE_STORE_FAILED);
    space.reset();
    const auto ending = Time::now();
    store.reset();
    CHECK(Time::now() - ending < kInTime);
}

TEST_CASE("a server that was restarted while nothing was asked fails nothing", "[store][unit]") {
    RedisServer server;
    RedisStore store(server.config());
    const auto space = store.open_namespace("n");
    CHECK(Asking(*space).get("k").outcome == SLUICE_STORE_ABSENT);
    server.kill();
    server.start();
    CHECK(Asking(*space).get("k").outcome == SLUICE_STORE_ABSENT);
}

TEST_CASE("a scan on the server gives no more items than it was asked for, and none is lost", "[store][unit]") {
    RedisServer server;
    RedisStore store(server.config());
    const auto space = store.open_namespace("n");
    Asking asking(*space);
    std::set<std::string> expected;
    for (int index = 0; index < 200; ++index) {
        const std::string key = std::string("a:1:\r\n\0", 7) + std::to_string(index);
        expected.insert(key);
        asking.put(key, "v");
    }
    for (const std::size_t most : {1, 3, 1000}) {
        std::set<std::string> found;
        Answer answer;
        do {
            answer = asking.scan("a", answer.cursor, most);
            REQUIRE(answer.outcome == SLUICE_STORE_OK);
            CHECK(answer.items.size() <= most);
            for (const auto& [key, value] : answer.items) found.insert(key);
        } while (!answer.cursor.empty());
        CHECK(found == expected);
    }
    for (const char* cursor : {"x", "1:", "1:5:abc", "0:99999999999999999999:a", "-1"}) {
        CHECK(asking.scan("a", cursor, 10).outcome == SLUICE_STORE_FAILED);
    }
}

TEST_CASE("a quota of endless time leaves no part behind that the server cannot expire", "[store][unit]") {
    RedisServer server;
    RedisStore store(server.config());
    const auto space = store.open_namespace("n");
    Asking asking(*space);
    const Quota endless{.amount = 1000, .limit = INT64_MAX, .ttl_us = UINT64_MAX, .is_queued = true};
    const Answer taken = asking.take("k", endless);
    CHECK(taken.outcome == SLUICE_STORE_OK);
    CHECK(taken.number == 1000);
    CHECK(asking.give_back("k", 1000, taken.ticket).outcome == SLUICE_STORE_OK);
    CHECK(asking.take("k", {.amount = 1, .limit = 1, .ttl_us = 1000}).number == 1);
}
