#include "session/host_session_store.hpp"

#include <catch2/catch.hpp>
#include <sluice/cpp/error.hpp>
#include <sluice/testing/fake_host.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace sluice::claude_code;
using namespace std::chrono_literals;
using sluice::Host;
using sluice::testing::FakeHost;

namespace {

constexpr const char* kSpace = "claude_code";

std::unique_ptr<HostSessionStore> open(FakeHost& host, const std::string& instance = "claude") {
    const Host seen(host);
    return std::make_unique<HostSessionStore>(seen.store(kSpace, true), instance, seen.loops().at(0), seen.log());
}

SessionRecord session(const std::string& id, const std::string& prompt = "Be brief.") {
    return SessionRecord{id, "alice", "sonnet", prompt, 1ms, 2ms};
}

StoreOutcome save(SessionStore& store, const SessionRecord& record, std::chrono::milliseconds keep = 1h) {
    std::vector<StoreOutcome> told;
    store.save(record, keep, [&](StoreOutcome outcome) { told.push_back(outcome); });
    REQUIRE(told.size() == 1);
    return told.front();
}

StoreOutcome load(SessionStore& store, const std::string& id, SessionRecord* loaded = nullptr) {
    std::vector<StoreOutcome> told;
    store.load(id, [&](StoreOutcome outcome, SessionRecord record) {
        told.push_back(outcome);
        if (loaded != nullptr) *loaded = std::move(record);
    });
    REQUIRE(told.size() == 1);
    return told.front();
}

struct Listed {
    std::vector<std::string> ids;
    int ends = 0;
    bool has_failed = false;
};

Listed list(SessionStore& store) {
    Listed listed;
    store.list([&](StoreOutcome outcome, const std::vector<SessionRecord>& records) {
        listed.has_failed = outcome == StoreOutcome::kFailed;
        listed.ends += records.empty() ? 1 : 0;
        for (const SessionRecord& record : records) listed.ids.push_back(record.id);
    });
    return listed;
}

std::size_t lines_with(FakeHost& host, const std::string& part) {
    const auto lines = host.log().lines();
    return static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), [&](const auto& line) {
        return line.level == SLUICE_LOG_ERROR && line.message.find(part) != std::string::npos;
    }));
}

}  // namespace

TEST_CASE("a session that was saved is there for another store of the same instance", "[claude_code][unit]") {
    FakeHost host;
    const std::string prompt =
        GENERATE(std::string("a\0b", 3), std::string("\"}\n"), std::string("\xe2\x82\xac"), std::string(1u << 20, 'x'));
    CHECK(save(*open(host), session("s", prompt)) == StoreOutcome::kOk);
    const auto store = open(host);
    SessionRecord loaded;
    CHECK(load(*store, "s", &loaded) == StoreOutcome::kOk);
    CHECK(loaded.system_prompt == prompt);
    CHECK(loaded.owner == "alice");
    CHECK(loaded.last_used == 2ms);
    CHECK(load(*store, "other") == StoreOutcome::kMissing);
    store->erase("s", [](StoreOutcome outcome) { CHECK(outcome == StoreOutcome::kOk); });
    CHECK(load(*store, "s") == StoreOutcome::kMissing);
    CHECK(host.breaches().text() == "");
}

TEST_CASE("sessions of another instance in the same namespace are not seen", "[claude_code][unit]") {
    FakeHost host;
    const auto mine = open(host, "claude");
    const auto other = open(host, "claude2");
    save(*mine, session("s"));
    CHECK(load(*other, "s") == StoreOutcome::kMissing);
    CHECK(list(*other).ids.empty());
    CHECK(list(*mine).ids == std::vector<std::string>{"s"});
}

TEST_CASE("sessions are listed in pieces, and the last one is empty", "[claude_code][unit]") {
    FakeHost host;
    const auto store = open(host);
    for (int i = 0; i < 600; ++i) save(*store, session(std::to_string(i)));
    host.store().set_value(kSpace, "claude/broken", "{");
    const Listed listed = list(*store);
    CHECK(listed.ids.size() == 600);
    CHECK(listed.ends == 1);
    CHECK(host.store().calls("scan") == 3);
    CHECK(list(*open(host, "empty")).ends == 1);
}

TEST_CASE("a session is kept for as long as was asked for, and never for ever", "[claude_code][unit]") {
    FakeHost host;
    const auto store = open(host);
    save(*store, session("short"), 0ms);
    save(*store, session("long"), 1h);
    host.advance(2ms);
    CHECK(load(*store, "short") == StoreOutcome::kMissing);
    host.advance(1h);
    CHECK(load(*store, "long") == StoreOutcome::kMissing);
}

TEST_CASE("a store that is down fails with one line for reads and one for writes", "[claude_code][unit]") {
    FakeHost host;
    const auto store = open(host);
    for (const int row : {1, 2}) {
        host.store().go_down();
        for (int i = 0; i < 3; ++i) {
            CHECK(save(*store, session("s")) == StoreOutcome::kFailed);
            CHECK(load(*store, "s") == StoreOutcome::kFailed);
            CHECK(list(*store).has_failed);
        }
        host.store().come_up();
        CHECK(save(*store, session("s")) == StoreOutcome::kOk);
        CHECK(load(*store, "s") == StoreOutcome::kOk);
        CHECK(lines_with(host, "sessions cannot be stored: the store is down") == static_cast<std::size_t>(row));
        CHECK(lines_with(host, "sessions cannot be read: the store is down") == static_cast<std::size_t>(row));
    }
}

TEST_CASE("a session that the store does not take, or that is none, has failed", "[claude_code][unit]") {
    FakeHost host;
    const auto store = open(host);
    CHECK(save(*store, session("large", std::string(5u << 20, 'x'))) == StoreOutcome::kFailed);
    CHECK(lines_with(host, "sessions cannot be stored: the store did not take it") == 1);
    host.store().set_value(kSpace, "claude/broken", "{");
    CHECK(load(*store, "broken") == StoreOutcome::kFailed);
    CHECK(lines_with(host, "found a value that is no session") == 1);
}

TEST_CASE("a namespace that cannot be opened is refused with the reason", "[claude_code][unit]") {
    FakeHost host;
    host.store().refuse_open("store /a/b: is damaged");
    CHECK_THROWS_WITH(open(host), "store /a/b: is damaged");
}

TEST_CASE("a store is destroyed after the answers under way have come, and gives none of them", "[claude_code][unit]") {
    FakeHost host;
    auto store = open(host);
    host.store().hold_answers(true);
    int told = 0;
    for (int i = 0; i < 10; ++i) store->save(session(std::to_string(i)), 1h, [&](StoreOutcome) { ++told; });
    store->load("0", [&](StoreOutcome, const SessionRecord&) { ++told; });
    store->list([&](StoreOutcome, const std::vector<SessionRecord>&) { ++told; });
    std::atomic<bool> is_gone = false;
    std::thread main_thread([&] {
        store.reset();
        is_gone = true;
    });
    CHECK_FALSE(host.loop().run_until([&] { return is_gone.load(); }, 100ms));
    host.store().release_answers();
    CHECK(host.loop().run_until([&] { return is_gone.load(); }));
    main_thread.join();
    CHECK(told == 0);
    CHECK(host.store().keys(kSpace).size() == 10);
}
