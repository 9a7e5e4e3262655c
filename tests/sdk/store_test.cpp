#include "sluice/cpp/store.hpp"
#include "sluice/cpp/command.hpp"
#include "sluice/cpp/host.hpp"
#include "sluice/cpp/key_limits.hpp"
#include "sluice/testing/fake_host.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using sluice::AwaitedAnswer;
using sluice::Host;
using sluice::KeyLimits;
using sluice::Loop;
using sluice::Quota;
using sluice::Store;
using sluice::StoreAnswer;
using sluice::StoreOutcome;
using sluice::testing::FakeHost;

namespace {

struct Told {
    int count = 0;
    StoreOutcome outcome = StoreOutcome::kFailed;
    std::string value;
    std::int64_t number = 0;
    std::uint64_t ticket = 0;
    std::chrono::microseconds wait{0};
    std::vector<std::string> keys;
    std::string cursor;

    void take(StoreAnswer answer) noexcept {
        ++count;
        outcome = answer.outcome();
        value = answer.value();
        number = answer.number();
        ticket = answer.ticket();
        wait = answer.wait();
        for (std::size_t i = 0; i < answer.item_count(); ++i) {
            keys.emplace_back(sluice::to_view(answer.item(i).key));
        }
        cursor = answer.cursor();
    }
};

// A host with an opened namespace, and the answer told last.
struct Bench {
    FakeHost host;
    Store store{host.raw(), "notes", false};
    Loop loop = Host(host).loops().at(0);
    Told told;

    const Told& get(std::string_view key) {
        REQUIRE(store.get<&Told::take>(loop, key, &told) == SLUICE_OK);
        return told;
    }
    const Told& put(std::string_view key, std::string_view value, std::chrono::milliseconds ttl = 0ms) {
        REQUIRE(store.put<&Told::take>(loop, key, value, ttl, &told) == SLUICE_OK);
        return told;
    }
    const Told& take(std::string_view key, const Quota& quota) {
        REQUIRE(store.take<&Told::take>(loop, key, quota, &told) == SLUICE_OK);
        return told;
    }
};

struct Greeter {
    static constexpr std::string_view kCommandName = "greet";
    static constexpr std::string_view kCommandSummary = "Greet somebody";
    int run_command(const std::vector<std::string_view>& arguments, std::string& output, std::string& errors) {
        if (arguments.empty()) {
            errors = "greet: expected a name, found none\n";
            return 2;
        }
        if (arguments[0] == "nobody") {
            throw std::runtime_error("nobody is there");
        }
        output = "hello " + std::string(arguments[0]);
        return 0;
    }
};

struct Silent {};

struct CommandRun {
    std::int32_t exit_code = -1;
    std::string output;
    std::string errors;
};

CommandRun run_greeter(std::vector<std::string> words) {
    static constexpr sluice_command_api kTable = sluice::command_table<Greeter>();
    FakeHost host;
    sluice::Instance<Greeter> instance(host.raw(), "{}");
    std::vector<sluice_str> arguments;
    for (const std::string& word : words) {
        arguments.push_back(sluice::to_str(word));
    }
    const auto sink = [](std::string& text) {
        return sluice_text_sink{&text, [](void* ctx, sluice_str part) noexcept {
                                    *static_cast<std::string*>(ctx) += sluice::to_view(part);
                                }};
    };
    CommandRun run;
    run.exit_code = kTable.run(&instance, arguments.data(), arguments.size(), sink(run.output), sink(run.errors));
    return run;
}

}  // namespace

TEST_CASE("a value is kept until its time is over", "[sdk][unit]") {
    Bench bench;
    CHECK(bench.get("a").outcome == StoreOutcome::kAbsent);
    CHECK(bench.put("a", "one", 100ms).outcome == StoreOutcome::kOk);
    CHECK(bench.get("a").value == "one");
    CHECK(bench.host.store().value("notes", "a") == "one");
    bench.host.advance(100ms);
    CHECK(bench.get("a").outcome == StoreOutcome::kAbsent);
    CHECK(bench.told.count == 4);
    CHECK(bench.host.store().calls("get") == 3);
}

TEST_CASE("a number is counted and its time is not moved", "[sdk][unit]") {
    Bench bench;
    const auto add = [&bench](std::int64_t delta) {
        REQUIRE(bench.store.add<&Told::take>(bench.loop, "n", delta, 100ms, &bench.told) == SLUICE_OK);
        return bench.told.number;
    };
    CHECK(add(2) == 2);
    bench.host.advance(60ms);
    CHECK(add(3) == 5);
    bench.host.advance(60ms);
    CHECK(add(1) == 1);
    bench.host.store().set_value("notes", "n", "many");
    add(1);
    CHECK(bench.told.outcome == StoreOutcome::kFailed);
}

TEST_CASE("compare_and_set changes only what is as expected", "[sdk][unit]") {
    Bench bench;
    const auto set = [&bench](std::optional<std::string_view> expected, std::string_view value) {
        REQUIRE(bench.store.compare_and_set<&Told::take>(bench.loop, "k", expected, value, 0ms, &bench.told) ==
                SLUICE_OK);
        return bench.told.outcome;
    };
    CHECK(set("x", "y") == StoreOutcome::kConflict);
    CHECK(set(std::nullopt, "x") == StoreOutcome::kOk);
    CHECK(set(std::nullopt, "z") == StoreOutcome::kConflict);
    CHECK(bench.told.value == "x");
    CHECK(set("x", "y") == StoreOutcome::kOk);
    REQUIRE(bench.store.remove<&Told::take>(bench.loop, "k", &bench.told) == SLUICE_OK);
    CHECK(bench.host.store().value("notes", "k") == std::nullopt);
}

TEST_CASE("a scan gives what begins with the prefix, some at a time", "[sdk][unit]") {
    Bench bench;
    for (const char* key : {"a1", "a2", "a3", "b1"}) {
        bench.host.store().set_value("notes", key, "");
    }
    REQUIRE(bench.store.scan<&Told::take>(bench.loop, "a", "", 2, &bench.told) == SLUICE_OK);
    REQUIRE(bench.told.cursor != "");
    const std::string cursor = bench.told.cursor;
    REQUIRE(bench.store.scan<&Told::take>(bench.loop, "a", cursor, 2, &bench.told) == SLUICE_OK);
    CHECK(bench.told.cursor == "");
    CHECK(bench.told.keys == std::vector<std::string>{"a1", "a2", "a3"});
}

TEST_CASE("a quota refuses beyond its limit and says when there is room", "[sdk][unit]") {
    Bench bench;
    const Quota quota{1, 2, 1000ms, false};
    CHECK(bench.take("q", quota).outcome == StoreOutcome::kOk);
    bench.host.advance(400ms);
    CHECK(bench.take("q", quota).number == 2);
    CHECK(bench.take("q", quota).outcome == StoreOutcome::kRefused);
    CHECK(bench.told.wait >= 600ms);
    CHECK(bench.told.wait <= 601ms);
    bench.host.advance(601ms);
    CHECK(bench.take("q", quota).outcome == StoreOutcome::kOk);
    CHECK(bench.host.store().taken("notes", "q") == 2);
    CHECK(bench.host.store().quota_keys("notes") == std::vector<std::string>{"q"});
}

TEST_CASE("a part of a quota is given back, added to and renewed by its ticket", "[sdk][unit]") {
    Bench bench;
    const std::uint64_t ticket = bench.take("q", {3, 5, 1000ms, false}).ticket;
    bench.store.give_back(bench.loop, "q", 1, ticket);
    CHECK(bench.host.store().taken("notes", "q") == 2);
    bench.store.give_back(bench.loop, "q", -8, ticket);
    CHECK(bench.host.store().taken("notes", "q") == 10);
    bench.host.advance(900ms);
    REQUIRE(bench.store.renew<&Told::take>(bench.loop, "q", 10, ticket, 1000ms, &bench.told) == SLUICE_OK);
    bench.host.advance(900ms);
    CHECK(bench.host.store().taken("notes", "q") == 10);
    bench.host.advance(200ms);
    CHECK(bench.host.store().taken("notes", "q") == 0);
}

TEST_CASE("a queued quota gives its tokens back one after another", "[sdk][unit]") {
    Bench bench;
    const Quota bucket{1, 2, 100ms, true};
    bench.take("b", bucket);
    bench.take("b", bucket);
    bench.host.advance(101ms);
    CHECK(bench.host.store().taken("notes", "b") == 1);
    bench.host.advance(100ms);
    CHECK(bench.host.store().taken("notes", "b") == 0);
}

TEST_CASE("a key that is empty or too long is refused at once, without an answer", "[sdk][unit]") {
    Bench bench;
    const std::string longest(SLUICE_STORE_MAX_KEY_BYTES, 'k');
    CHECK(bench.store.get<&Told::take>(bench.loop, "", &bench.told) == SLUICE_E_INVALID);
    CHECK(bench.store.get<&Told::take>(bench.loop, longest + "k", &bench.told) == SLUICE_E_INVALID);
    CHECK(bench.store.take<&Told::take>(bench.loop, "q", Quota{0, 1, 1ms, false}, &bench.told) == SLUICE_E_INVALID);
    CHECK(bench.told.count == 0);
    CHECK(bench.get(longest).count == 1);
}

TEST_CASE("a store that is down fails every question and changes nothing", "[sdk][unit]") {
    Bench bench;
    bench.host.store().go_down();
    CHECK(bench.put("a", "one").outcome == StoreOutcome::kFailed);
    CHECK(bench.told.value == "the store is down");
    bench.host.store().come_up();
    CHECK(bench.get("a").outcome == StoreOutcome::kAbsent);
}

TEST_CASE("held answers come when they are released, in order", "[sdk][unit]") {
    Bench bench;
    bench.host.store().hold_answers(true);
    bench.put("a", "one");
    bench.get("a");
    CHECK(bench.told.count == 0);
    CHECK(bench.host.store().held_answers() == 2);
    CHECK(bench.host.store().value("notes", "a") == "one");
    bench.host.store().release_answers();
    CHECK(bench.told.count == 2);
    CHECK(bench.told.value == "one");
}

TEST_CASE("an answer that is still owed when the instance is gone is a breach", "[sdk][unit]") {
    Bench bench;
    bench.host.store().hold_answers(true);
    bench.get("a");
    bench.host.store().report_leaks();
    CHECK(bench.host.breaches().text().find("still owed") != std::string::npos);
}

TEST_CASE("a namespace that cannot be opened throws the reason", "[sdk][unit]") {
    FakeHost host;
    host.store().refuse_open("store.namespaces.notes: no such store");
    CHECK_THROWS_WITH(Store(host.raw(), "notes", true), "store.namespaces.notes: no such store");
    host.store().refuse_open("");
    CHECK(Store(host.raw(), "notes", true));
    CHECK_FALSE(Store());
    host.withhold(SLUICE_HOST_STORE_ID);
    CHECK_THROWS_WITH(Store(host.raw(), "notes", true), Catch::Contains(SLUICE_HOST_STORE_ID));
}

TEST_CASE("another thread gets its answer through the loop and can wait for it", "[sdk][unit]") {
    Bench bench;
    bench.host.store().set_value("notes", "a", "one");
    std::string value;
    bench.host.run_on_main_thread([&] {
        AwaitedAnswer got;
        if (bench.store.get<&AwaitedAnswer::take>(bench.loop, "a", &got) == SLUICE_OK) {
            got.wait();
        }
        value = got.value;
        AwaitedAnswer scanned;
        if (bench.store.scan<&AwaitedAnswer::take>(bench.loop, "", "", 10, &scanned) == SLUICE_OK) {
            scanned.wait();
        }
        value += scanned.items.empty() ? "" : "," + scanned.items[0].first;
    });
    CHECK(value == "one,a");
    CHECK(bench.host.breaches().text() == "");
}

TEST_CASE("limits of a key are the same after a way as text", "[sdk][unit]") {
    KeyLimits limits;
    CHECK(limits.is_empty());
    CHECK(limits.text() == "");
    CHECK(KeyLimits::parse("") == limits);
    limits.requests = KeyLimits::Window{100, 60000ms};
    limits.concurrent = 10;
    limits.tokens = KeyLimits::Window{50000, 60000ms};
    CHECK(limits.text() == "requests=100/60000 concurrent=10 tokens=50000/60000");
    CHECK(KeyLimits::parse(limits.text()) == limits);
    CHECK(KeyLimits::parse("concurrent=10 later=1/2")->concurrent == 10);
}

TEST_CASE("a text that is no limits of a key is refused", "[sdk][unit]") {
    const std::string text =
        GENERATE(values<std::string>({"requests", "requests=", "requests=1", "requests=1/", "requests=x/1",
                                      "tokens=1/0", "concurrent=1x", "requests=99999999999999999999/1"}));
    CAPTURE(text);
    CHECK(KeyLimits::parse(text) == std::nullopt);
}

TEST_CASE("a class with a command has a table that runs it", "[sdk][unit]") {
    CHECK(sluice::to_view(sluice::command_table<Greeter>().name) == "greet");
    CHECK(run_greeter({"world"}).output == "hello world");
    CHECK(run_greeter({"world"}).exit_code == 0);
    CHECK(run_greeter({}).exit_code == 2);
    CHECK(run_greeter({}).errors == "greet: expected a name, found none\n");
}

TEST_CASE("what a command throws becomes a line of its errors", "[sdk][unit]") {
    const CommandRun run = run_greeter({"nobody"});
    CHECK(run.exit_code == 1);
    CHECK(run.errors == "nobody is there\n");
}

TEST_CASE("a class without a command has an empty table", "[sdk][unit]") {
    CHECK(sluice::command_table<Silent>().run == nullptr);
}
