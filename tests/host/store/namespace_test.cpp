// What every kind of store does alike.
#include <catch2/catch.hpp>

#include <algorithm>
#include <set>
#include <thread>

#include "store_stages.hpp"
#include "test_loop.hpp"

using namespace sluice::store;
using namespace sluice::store::test;
using namespace std::chrono_literals;

#define STORES MemoryStage, SqliteStage, RedisStage

namespace {

constexpr std::string_view kHostile[] = {
    "'; DROP TABLE stored; --",     "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n", "a*b?[c]\\", "{}", "\xff\xfe", "  ",
    "return redis.call('FLUSHALL')"};

std::string with_nul() { return std::string("a\0b", 3); }

}  // namespace

TEMPLATE_TEST_CASE("a value is there until it is removed", "[store][unit]", STORES) {
    TestType stage;
    Asking asking(stage.space());
    CHECK(asking.get("k").outcome == SLUICE_STORE_ABSENT);
    CHECK(asking.put("k", "one").outcome == SLUICE_STORE_OK);
    CHECK(asking.get("k").value == "one");
    CHECK(asking.put("k", "").outcome == SLUICE_STORE_OK);
    CHECK(asking.get("k").outcome == SLUICE_STORE_OK);
    CHECK(asking.get("k").value.empty());
    CHECK(asking.remove("k").outcome == SLUICE_STORE_OK);
    CHECK(asking.get("k").outcome == SLUICE_STORE_ABSENT);
    CHECK(asking.remove("k").outcome == SLUICE_STORE_OK);
}

TEMPLATE_TEST_CASE("keys and values are any bytes and come back as they were", "[store][unit]", STORES) {
    TestType stage;
    Asking asking(stage.space());
    std::set<std::string> texts(std::begin(kHostile), std::end(kHostile));
    texts.insert({with_nul(), std::string(512, 'k'), std::string(1, '\0')});
    for (const std::string& text : texts) asking.put(text, text + "!");
    for (const std::string& text : texts) {
        CAPTURE(text);
        CHECK(asking.get(text).value == text + "!");
    }
    const std::string large(3 << 20, '\xee');
    CHECK(asking.put("large", large).outcome == SLUICE_STORE_OK);
    CHECK(asking.get("large").value.size() == large.size());
}

TEMPLATE_TEST_CASE("a value is gone when its time is over, and not before", "[store][unit]", STORES) {
    TestType stage;
    Asking asking(stage.space());
    asking.put("short", "s", 80ms);
    asking.put("long", "l", 1h);
    asking.put("for ever", "e");
    CHECK(asking.get("short").value == "s");
    stage.pass(120ms);
    CHECK(asking.get("short").outcome == SLUICE_STORE_ABSENT);
    CHECK(asking.get("long").value == "l");
    CHECK(asking.get("for ever").value == "e");
    asking.put("long", "l");  // without a time it stays
    CHECK(asking.all("short", 10).empty());
}

TEMPLATE_TEST_CASE("a number is counted up and down, and keeps its time of expiry", "[store][unit]", STORES) {
    TestType stage;
    Asking asking(stage.space());
    CHECK(asking.add("n", 5, 150ms).number == 5);
    CHECK(asking.add("n", -7, 1h).number == -2);
    CHECK(asking.get("n").value == "-2");
    stage.pass(200ms);
    CHECK(asking.add("n", 1).number == 1);
    CHECK(asking.put("n", "9007199254740993").outcome == SLUICE_STORE_OK);
    CHECK(asking.add("n", 1).number == 9007199254740994);
    CHECK(asking.add("n", INT64_MAX).outcome == SLUICE_STORE_FAILED);
    CHECK(asking.get("n").value == "9007199254740994");
    asking.put("t", "ten");
    CHECK(asking.add("t", 1).outcome == SLUICE_STORE_FAILED);
    CHECK(asking.get("t").value == "ten");
}

TEMPLATE_TEST_CASE("a value is replaced only where it is what was expected", "[store][unit]", STORES) {
    TestType stage;
    Asking asking(stage.space());
    CHECK(asking.compare_and_set("k", "a", "b").outcome == SLUICE_STORE_CONFLICT);
    CHECK(asking.compare_and_set("k", std::nullopt, "a").outcome == SLUICE_STORE_OK);
    const Answer conflict = asking.compare_and_set("k", std::nullopt, "b");
    CHECK(conflict.outcome == SLUICE_STORE_CONFLICT);
    CHECK(conflict.value == "a");
    CHECK(asking.compare_and_set("k", "x", "b").value == "a");
    CHECK(asking.compare_and_set("k", "a", "b", 80ms).outcome == SLUICE_STORE_OK);
    CHECK(asking.get("k").value == "b");
    stage.pass(120ms);
    CHECK(asking.compare_and_set("k", std::nullopt, "", 1h).outcome == SLUICE_STORE_OK);
    CHECK(asking.compare_and_set("k", "", "c").outcome == SLUICE_STORE_OK);
}

TEMPLATE_TEST_CASE("a scan gives what is there all the time, in pieces", "[store][unit]", STORES) {
    TestType stage;
    Asking asking(stage.space());
    std::set<std::string> expected;
    for (int index = 0; index < 300; ++index) {
        expected.insert("p:" + std::to_string(index));
        asking.put("p:" + std::to_string(index), std::to_string(index));
        asking.put("q:" + std::to_string(index), "");
    }
    asking.put("p*", "no match for p:");
    std::set<std::string> found;
    Answer answer;
    std::size_t answers = 0;
    do {
        answer = asking.scan("p:", answer.cursor, 20);
        REQUIRE(answer.outcome == SLUICE_STORE_OK);
        for (const auto& [key, value] : answer.items) {
            CHECK("p:" + value == key);
            found.insert(key);
        }
        // Others come and go meanwhile.
        ++answers;
        asking.put("p:new" + std::to_string(answers), "new" + std::to_string(answers));
        asking.remove("q:" + std::to_string(answers));
    } while (!answer.cursor.empty() && answers < 2000);
    CHECK(answers < 2000);
    CHECK(std::includes(found.begin(), found.end(), expected.begin(), expected.end()));
    for (const std::string_view prefix : kHostile) {
        asking.put(std::string(prefix) + "x", "1");
        const auto all = asking.all(prefix, 50);
        CAPTURE(prefix);
        CHECK(all == std::vector<std::pair<std::string, std::string>>{{std::string(prefix) + "x", "1"}});
    }
}

TEMPLATE_TEST_CASE("never more than the limit is taken within the time", "[store][unit]", STORES) {
    TestType stage;
    Asking asking(stage.space());
    const Quota quota{.amount = 1, .limit = 3, .ttl_us = 200'000};
    CHECK(asking.take("k", quota).number == 1);
    stage.pass(60ms);
    CHECK(asking.take("k", quota).number == 2);
    CHECK(asking.take("k", quota).number == 3);
    const Answer refused = asking.take("k", quota);
    CHECK(refused.outcome == SLUICE_STORE_REFUSED);
    CHECK(refused.number == 3);
    CHECK(refused.wait_us > 50'000);
    CHECK(refused.wait_us <= 145'000);
    CHECK(asking.take("other", quota).number == 1);
    stage.pass(150ms);  // the first has slid out, the others have not
    CHECK(asking.take("k", quota).outcome == SLUICE_STORE_OK);
}

TEMPLATE_TEST_CASE("what is given back can be taken again, and only that", "[store][unit]", STORES) {
    TestType stage;
    Asking asking(stage.space());
    const Quota quota{.amount = 4, .limit = 10, .ttl_us = 60'000'000};
    const std::uint64_t first = asking.take("k", quota).ticket;
    stage.pass(10ms);
    const std::uint64_t second = asking.take("k", quota).ticket;
    CHECK(asking.take("k", quota).outcome == SLUICE_STORE_REFUSED);
    CHECK(asking.give_back("k", 3, first).outcome == SLUICE_STORE_OK);
    CHECK(asking.take("k", quota).number == 9);
    CHECK(asking.give_back("k", 100, second).outcome == SLUICE_STORE_OK);  // no more than there is
    CHECK(asking.give_back("k", -5, first).outcome == SLUICE_STORE_OK);    // more was used than was thought
    CHECK(asking.take("k", {.amount = 1, .limit = 100, .ttl_us = 60'000'000}).number >= 6);
    CHECK(asking.give_back("k", 1, 1).outcome == SLUICE_STORE_OK);  // nothing is there: nothing happens
    CHECK(asking.give_back("never", -1, 1).outcome == SLUICE_STORE_OK);
    CHECK(asking.take("never", {.amount = 1, .limit = 1, .ttl_us = 1000}).number == 1);
}

TEMPLATE_TEST_CASE("a lease that is renewed stays, one that is not ends", "[store][unit]", STORES) {
    TestType stage;
    Asking asking(stage.space());
    const Quota slot{.amount = 1, .limit = 2, .ttl_us = 300'000};
    std::uint64_t kept = asking.take("k", slot).ticket;
    asking.take("k", slot);
    for (int round = 0; round < 3; ++round) {
        stage.pass(150ms);
        const Answer renewed = asking.renew("k", 1, kept, 300'000);
        CHECK(renewed.outcome == SLUICE_STORE_OK);
        kept = renewed.ticket;
    }
    CHECK(asking.take("k", slot).number == 2);
    CHECK(asking.take("k", slot).outcome == SLUICE_STORE_REFUSED);
    stage.pass(350ms);
    // What has expired is taken anew, whatever the limit.
    CHECK(asking.take("k", {.amount = 2, .limit = 2, .ttl_us = 300'000}).number == 2);
    CHECK(asking.renew("k", 1, kept, 300'000).number == 3);
}

TEMPLATE_TEST_CASE("a queued quota is a token bucket", "[store][unit]", STORES) {
    TestType stage;
    Asking asking(stage.space());
    const Quota token{.amount = 1, .limit = 2, .ttl_us = 100'000, .is_queued = true};
    CHECK(asking.take("k", token).outcome == SLUICE_STORE_OK);
    CHECK(asking.take("k", token).outcome == SLUICE_STORE_OK);
    const Answer refused = asking.take("k", token);
    CHECK(refused.outcome == SLUICE_STORE_REFUSED);
    CHECK(refused.wait_us <= 101'000);
    stage.pass(120ms);  // one has come back
    CHECK(asking.take("k", token).outcome == SLUICE_STORE_OK);
    CHECK(asking.take("k", token).outcome == SLUICE_STORE_REFUSED);
}

TEMPLATE_TEST_CASE("what can never fit is refused until all is gone", "[store][unit]", STORES) {
    TestType stage;
    Asking asking(stage.space());
    CHECK(asking.take("k", {.amount = 11, .limit = 10, .ttl_us = 1000}).outcome == SLUICE_STORE_REFUSED);
    CHECK(asking.take("k", {.amount = INT64_MAX, .limit = 10, .ttl_us = UINT64_MAX}).outcome == SLUICE_STORE_REFUSED);
    CHECK(asking.take("k", {.amount = 1, .limit = 0, .ttl_us = 1000}).outcome == SLUICE_STORE_REFUSED);
    CHECK(asking.take("k", {.amount = 1, .limit = -5, .ttl_us = 1000}).outcome == SLUICE_STORE_REFUSED);
    CHECK(asking.take("k", {.amount = 1, .limit = INT64_MAX, .ttl_us = 1'000'000'000'000}).number == 1);
}

TEMPLATE_TEST_CASE("eight threads take exactly what there is", "[store][unit]", STORES) {
    TestType stage;
    constexpr int kThreads = 8;
    constexpr int kEach = 100;
    std::atomic<int> taken{0};
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
        threads.emplace_back([&] {
            Asking asking(stage.space());
            for (int index = 0; index < kEach; ++index) {
                const Answer answer = asking.take("shared", {.amount = 1, .limit = 500, .ttl_us = 60'000'000});
                if (answer.outcome == SLUICE_STORE_OK) ++taken;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(taken == 500);
}

TEMPLATE_TEST_CASE("what one thread asks of one key happens in that order", "[store][unit]", STORES) {
    TestType stage;
    Asking asking(stage.space());
    std::vector<Awaited> answers(200);
    for (std::size_t index = 0; index < answers.size(); ++index) {
        const Asker asker = asking.loop().asker(&Awaited::take, &answers[index]);
        if (index % 2 == 0) {
            stage.space().put("k", std::to_string(index), {}, asker);
        } else {
            stage.space().get("k", asker);
        }
    }
    REQUIRE(asking.loop().run_until([&] { return answers.back().is_there; }));
    for (std::size_t index = 1; index < answers.size(); index += 2) {
        CHECK(answers[index].answer.value == std::to_string(index - 1));
    }
    stage.space().put("k", "nobody is told", {}, asking.loop().asker(nullptr, nullptr));
    CHECK(asking.get("k").value == "nobody is told");
}
