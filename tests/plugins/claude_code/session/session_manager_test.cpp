#include "session/session_manager.hpp"

#include <catch2/catch.hpp>
#include <sluice/testing/fake_host.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "memory_session_store.hpp"

using namespace sluice::claude_code;
using namespace std::chrono_literals;
using sluice::Host;
using sluice::testing::FakeHost;

namespace {

constexpr const char* kId = "0b1c2d3e-4f50-4a61-8b72-93a4b5c6d7e8";

struct Answer {
    Session* session = nullptr;
    SessionError error{};
};

struct Stage {
    Stage() { host.advance(0ms); }
    /// The answers to resolve(), in the order they came.
    void ask(std::string_view owner, const std::string& id = kId) {
        manager.resolve(id, owner, [this](Session* session, SessionError error) {
            answers.push_back(Answer{session, error});
        });
    }
    Answer ask_now(std::string_view owner, const std::string& id = kId) {
        ask(owner, id);
        REQUIRE_FALSE(answers.empty());
        return answers.back();
    }
    /// A stored session of alice that waits for its next turn.
    void make_idle() {
        Session& session = manager.create(kId, "alice", "sonnet", "Be brief.");
        manager.store(session, [](bool) {});
        manager.release(session);
    }

    FakeHost host;
    MemorySessionStore store;
    std::vector<std::string> ended;
    SessionManager manager{Host(host).loops().at(0),
                           Host(host).clock(),
                           Host(host).log(),
                           store,
                           SessionLimits{60min, 24h, 1min},
                           [this](const std::string& id) { ended.push_back(id); }};
    std::vector<Answer> answers;
};

}  // namespace

TEST_CASE("a session is found again with all that was known of it", "[claude_code][unit]") {
    Stage stage;
    stage.make_idle();
    const Answer answer = stage.ask_now("alice");
    REQUIRE(answer.session != nullptr);
    CHECK(answer.session->record.model == "sonnet");
    CHECK(answer.session->record.system_prompt == "Be brief.");
    CHECK_FALSE(answer.session->is_new);
    CHECK(stage.store.loads == 1);
}

TEST_CASE("a session that is unknown, ended or another key's does not exist", "[claude_code][unit]") {
    Stage stage;
    CHECK(stage.ask_now("alice").error == SessionError::kNotFound);
    stage.make_idle();
    CHECK(stage.ask_now("bob").error == SessionError::kNotFound);
    CHECK(stage.ask_now("").error == SessionError::kNotFound);
    stage.host.advance(61min);
    CHECK(stage.ask_now("alice").error == SessionError::kNotFound);
}

TEST_CASE("a session that another key holds is not even busy", "[claude_code][unit]") {
    Stage stage;
    stage.manager.create(kId, "alice", "sonnet", "");
    CHECK(stage.ask_now("alice").error == SessionError::kBusy);
    CHECK(stage.ask_now("bob").error == SessionError::kNotFound);
    CHECK(stage.manager.busy_count() == 1);
}

TEST_CASE("of many that ask while a session is read, the first of its owner gets it", "[claude_code][unit]") {
    Stage stage;
    stage.make_idle();
    stage.store.is_held_back = true;
    stage.ask("bob");
    stage.ask("alice");
    stage.ask("alice");
    CHECK(stage.answers.empty());
    REQUIRE(stage.store.waiting.size() == 1);
    stage.store.answer_next();
    REQUIRE(stage.answers.size() == 3);
    CHECK(stage.answers[0].error == SessionError::kNotFound);
    CHECK(stage.answers[1].session != nullptr);
    CHECK(stage.answers[2].error == SessionError::kBusy);
}

TEST_CASE("a session can be used again at once, before its last use is stored", "[claude_code][unit]") {
    Stage stage;
    Session& session = stage.manager.create(kId, "alice", "sonnet", "");
    stage.store.is_held_back = true;
    stage.host.advance(5min);
    stage.manager.release(session);
    const Answer again = stage.ask_now("alice");
    REQUIRE(again.session != nullptr);
    CHECK(again.session->record.last_used - again.session->record.created == 5min);
    stage.store.answer_next();  // the late answer of release()
    CHECK(stage.ask_now("alice").error == SessionError::kBusy);
}

TEST_CASE("using a session keeps it alive up to its greatest age", "[claude_code][unit]") {
    Stage stage;
    stage.make_idle();
    int hours = 0;
    for (;; ++hours) {
        stage.host.advance(59min);
        const Answer answer = stage.ask_now("alice");
        if (answer.session == nullptr) break;
        stage.manager.release(*answer.session);
    }
    CHECK(hours == 24);  // 24 times 59 minutes are less than a day, 25 times are more
}

TEST_CASE("the sweep removes what has ended and tells of it, but nothing that is held", "[claude_code][unit]") {
    Stage stage;
    stage.make_idle();
    const std::string other = "11111111-2222-4333-8444-555555555555";
    Session& held = stage.manager.create(other, "alice", "sonnet", "");
    stage.manager.store(held, [](bool) {});
    stage.host.advance(59min);
    CHECK(stage.ended.empty());
    stage.host.advance(3min);
    CHECK(stage.ended == std::vector<std::string>{kId});
    CHECK(stage.store.records.count(kId) == 0);
    CHECK(stage.store.records.count(other) == 1);
}

TEST_CASE("what ended while no gateway ran goes at the start", "[claude_code][unit]") {
    FakeHost host;
    MemorySessionStore store;
    store.records[kId] = SessionRecord{kId, "alice", "sonnet", "", 0ms, 0ms};
    std::vector<std::string> ended;
    const SessionManager manager(Host(host).loops().at(0), Host(host).clock(), Host(host).log(), store,
                                 SessionLimits{60min, 24h, 1min}, [&](const std::string& id) { ended.push_back(id); });
    host.advance(1ms);
    CHECK(ended == std::vector<std::string>{kId});
}

TEST_CASE("a session that is destroyed is gone, and what the program kept of it may go", "[claude_code][unit]") {
    Stage stage;
    Session& session = stage.manager.create(kId, "alice", "sonnet", "");
    stage.manager.store(session, [](bool) {});
    stage.manager.destroy(session);
    CHECK(stage.ended == std::vector<std::string>{kId});
    CHECK(stage.ask_now("alice").error == SessionError::kNotFound);
    CHECK(stage.manager.busy_count() == 0);
}

TEST_CASE("a store that is down is told apart from a session that is not there", "[claude_code][unit]") {
    Stage stage;
    stage.make_idle();
    stage.store.is_down = true;
    CHECK(stage.ask_now("alice").error == SessionError::kNoStore);
    stage.host.advance(2h);
    CHECK(stage.ended.empty());
    stage.store.is_down = false;
    stage.host.advance(1min);
    CHECK(stage.ended == std::vector<std::string>{kId});
}

TEST_CASE("whether a new session is stored is told while its turn lasts", "[claude_code][unit]") {
    Stage stage;
    Session& session = stage.manager.create(kId, "alice", "sonnet", "");
    std::vector<bool> outcomes;
    stage.manager.store(session, [&](bool is_stored) { outcomes.push_back(is_stored); });
    stage.store.is_down = true;
    stage.manager.store(session, [&](bool is_stored) { outcomes.push_back(is_stored); });
    CHECK(outcomes == std::vector<bool>{true, false});
    stage.store.is_held_back = true;
    stage.manager.store(session, [&](bool is_stored) { outcomes.push_back(is_stored); });
    stage.manager.destroy(session);
    stage.store.answer_next();
    CHECK(outcomes.size() == 2);
}

TEST_CASE("a record reads as it was written, whatever its texts hold", "[claude_code][unit]") {
    const SessionRecord record{kId, "key \"1\"", "opus", std::string("a\nb\0\x01 \xC3\xA4\\", 9), 1'700'000'000'123ms,
                               5ms};
    const auto again = decode(encode(record));
    REQUIRE(again.has_value());
    CHECK(again->id == record.id);
    CHECK(again->owner == record.owner);
    CHECK(again->model == record.model);
    CHECK(again->system_prompt == record.system_prompt);
    CHECK(again->created == record.created);
    CHECK(again->last_used == record.last_used);
    CHECK_FALSE(decode("").has_value());
    CHECK_FALSE(decode("[]").has_value());
    CHECK_FALSE(decode(R"({"id":"x"})").has_value());
}
