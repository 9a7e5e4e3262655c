#include <catch2/catch.hpp>
#include <sluice/testing/fake_host.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config.hpp"
#include "process/cli_spawner.hpp"
#include "process/process_pool.hpp"

using namespace sluice::claude_code;
using namespace std::chrono_literals;

namespace {

// Answers the probe, and each message with the id of its session, which is its last argument.
constexpr const char* kAnswering = R"(#!/bin/sh
for session; do :; done
while read -r line; do
  case "$line" in
    *get_settings*) echo '{"type":"control_response","response":{"subtype":"success","request_id":"ready"}}' ;;
    *crash*) kill -9 $$ ;;
    *) echo '{"type":"result","subtype":"success","is_error":false,"result":"'"$session"'"}' ;;
  esac
done
)";

// Ends neither with its input nor at a SIGTERM.
constexpr const char* kStubborn = R"(#!/bin/sh
trap '' TERM
echo '{"type":"system","subtype":"init"}'
while :; do sleep 0.1; done
)";

struct Holder final : ProcessSeeker, ProcessUser {
    explicit Holder(ProcessPool& from) : pool(from) {}
    void on_process(CliProcess& given) noexcept override {
        process = &given;
        process->attach(this);
    }
    void on_no_process(const sluice::Error& error) noexcept override { code = error.code(); }
    void on_record(const CliRecord& record) noexcept override {
        if (record.kind == RecordKind::kResult) results.emplace_back(record.text);
    }
    void on_end(const ProcessEnd&) noexcept override {
        has_heard_end = true;
        leave(Afterwards::kDiscard);
    }
    void say(const std::string& text) {
        process->begin_turn();
        process->write(user_record("\"" + text + "\""));
    }
    void leave(Afterwards afterwards) {
        CliProcess* const left = std::exchange(process, nullptr);
        left->attach(nullptr);
        pool.release(*left, afterwards);
    }

    ProcessPool& pool;
    CliProcess* process = nullptr;
    std::vector<std::string> results;
    std::string code;
    bool has_heard_end = false;
};

struct ChildrenStage {
    explicit ChildrenStage(const char* script) {
        std::ofstream(program) << script;
        std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    }
    ~ChildrenStage() {
        if (!is_over) shut_down();
        CHECK(reaches([&] { return is_over; }));
        pool.reset();
        spawner.close();
        CHECK(spawner.dying() == 0);
        CHECK(host.loop().watch_count() == 0);
        CHECK(host.breaches().text() == "");
    }

    void shut_down() {
        pool->shut_down(200ms, [&] { is_over = true; });
    }
    bool reaches(const std::function<bool()>& is_reached) { return host.loop().run_until(is_reached, 20s); }
    bool hears(const Holder& holder, std::size_t results) {
        return reaches([&] { return holder.results.size() == results; });
    }
    std::unique_ptr<Holder> ask(std::string session = "") {
        auto holder = std::make_unique<Holder>(*pool);
        pool->acquire(ProcessNeed{"sonnet", std::move(session), "alice", {}}, *holder);
        return holder;
    }
    Config config() const {
        Config made;
        made.cli_path = program;
        return made;
    }

    sluice::testing::FakeHost host{"test", sluice::testing::Time::kReal};
    const sluice::Loop home = sluice::Host(host).loops().at(0);
    const std::string program = host.folder().path() + "/claude";
    const char* const environment[2] = {"PATH=/usr/bin:/bin", nullptr};
    CliSpawner spawner{home, config(), environment, "/"};
    int ids = 0;
    bool is_over = false;
    std::unique_ptr<ProcessPool> pool = std::make_unique<ProcessPool>(
        home, sluice::Host(host).clock(), sluice::Host(host).log(), PoolLimits{{{"sonnet", 1}}, 2, 0, 0, 100, 60s, 10s},
        [this](const ProcessOrder& order) { return spawner.start(order); },
        [this] { return "id-" + std::to_string(++ids); });
};

}  // namespace

TEST_CASE("children are warmed, handed out, kept and come back to", "[claude_code][pool]") {
    ChildrenStage stage(kAnswering);
    stage.pool->keep_warm(true);
    REQUIRE(stage.reaches([&] { return stage.pool->figures().warm == 1; }));
    const auto first = stage.ask();
    REQUIRE(first->process != nullptr);
    first->say("hello");
    REQUIRE(stage.hears(*first, 1));
    CHECK(first->results[0] == "id-1");
    first->leave(Afterwards::kKeep);
    REQUIRE(stage.reaches([&] { return stage.pool->figures().warm == 1; }));
    CHECK(stage.pool->figures().idle == 1);
    const auto second = stage.ask("id-1");
    REQUIRE(second->process != nullptr);
    CHECK(second->process->turns() == 1);
    // Both places are taken: the warm one goes for a session that was there before.
    const auto third = stage.ask("id-of-old");
    REQUIRE(stage.reaches([&] { return third->process != nullptr; }));
    third->say("hello");
    REQUIRE(stage.hears(*third, 1));
    CHECK(third->results[0] == "id-of-old");
    CHECK(stage.pool->figures().started == 3);
    CHECK(stage.pool->figures().crashed == 0);
    second->leave(Afterwards::kKeep);
    third->leave(Afterwards::kKeep);
}

TEST_CASE("what a parked child says stays in its pipe", "[claude_code][pool]") {
    ChildrenStage stage(kAnswering);
    const auto first = stage.ask();
    REQUIRE(first->process != nullptr);
    first->say("one");
    REQUIRE(stage.hears(*first, 1));
    first->process->pause();
    first->say("two");
    first->leave(Afterwards::kPark);
    stage.host.loop().run_until([] { return false; }, 200ms);
    CHECK(stage.pool->figures().parked == 1);
    const auto second = stage.ask("id-1");
    REQUIRE(stage.hears(*second, 1));
    CHECK(first->results.size() == 1);
    second->leave(Afterwards::kKeep);
}

TEST_CASE("a session goes on after its child has crashed", "[claude_code][pool]") {
    ChildrenStage stage(kAnswering);
    const auto first = stage.ask();
    first->say("crash");
    REQUIRE(stage.reaches([&] { return first->has_heard_end; }));
    const auto second = stage.ask("id-1");
    REQUIRE(stage.reaches([&] { return second->process != nullptr; }));
    CHECK(second->process->order().is_resumed);
    second->say("hello");
    REQUIRE(stage.hears(*second, 1));
    CHECK(stage.pool->figures().crashed == 1);
    second->leave(Afterwards::kKeep);
}

TEST_CASE("children that do not end are killed at the end", "[claude_code][pool]") {
    ChildrenStage stage(kStubborn);
    const auto active = stage.ask();
    const auto idle = stage.ask();
    REQUIRE(stage.reaches([&] { return active->process->has_spoken && idle->process->has_spoken; }));
    idle->leave(Afterwards::kKeep);
    stage.shut_down();
    stage.host.loop().run_until([] { return false; }, 100ms);
    CHECK_FALSE(stage.is_over);
    REQUIRE(stage.reaches([&] { return stage.is_over; }));
    CHECK(active->has_heard_end);
    CHECK(stage.pool->figures().crashed == 0);
}
