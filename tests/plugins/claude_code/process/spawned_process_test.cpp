#include "process/spawned_process.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "child_stage.hpp"
#include "process/cli_spawner.hpp"

using namespace sluice::claude_code;
using namespace std::chrono_literals;
using Cause = ProcessEnd::Cause;

namespace {

struct Hearer final : ProcessUser {
    void on_record(const CliRecord& record) noexcept override {
        texts.emplace_back(record.text);
        if (on_text) on_text();
    }
    void on_end(const ProcessEnd& told) noexcept override {
        ++ends;
        end = told;
        if (on_told) on_told();
    }

    std::vector<std::string> texts;
    std::optional<ProcessEnd> end;
    int ends = 0;
    std::function<void()> on_text;
    std::function<void()> on_told;
};

std::string say(const std::string& text) {
    return R"(echo '{"type":"result","subtype":"success","is_error":false,"result":")" + text + "\"}'; ";
}

struct ProcessStage : sluice::claude_code::testing::ChildStage {
    void start(const std::string& script, OutputLimits limits = {1u << 20, 1u << 20}) {
        process = std::make_unique<SpawnedProcess>(home, ProcessOrder{"sonnet", "u-1", false}, limits);
        process->attach(&hearer);
        process->start(ChildSupport{home, launcher, reaper},
                       {"/bin/sh", {"sh", "-c", script}, {"PATH=/usr/bin:/bin"}, "/"});
    }
    bool run_until(const std::function<bool()>& is_reached) { return host.loop().run_until(is_reached, 10s); }
    bool hears(const std::string& text) {
        return run_until([&] { return std::count(hearer.texts.begin(), hearer.texts.end(), text) > 0; });
    }
    bool hears_end() {
        return run_until([&] { return hearer.ends > 0; });
    }
    void idle() {
        host.loop().run_until([] { return false; }, 150ms);
    }

    Hearer hearer;
    std::unique_ptr<SpawnedProcess> process;
};

// Says that it is up, ignores SIGTERM and never ends.
const std::string kStubborn = "trap '' TERM; " + say("up") + "while :; do sleep 1; done";

}  // namespace

TEST_CASE("records and the end of a process are told", "[claude_code][process]") {
    ProcessStage stage;
    stage.start("read line; " + say("one") + "echo; " + say("two") + "echo bye >&2; exit 3");
    stage.process->write("go\n");
    REQUIRE(stage.hears_end());
    CHECK(stage.hearer.texts == std::vector<std::string>{"one", "two"});
    CHECK(stage.hearer.end->cause == Cause::kExited);
    CHECK(stage.hearer.end->exit_code == 3);
    CHECK(stage.hearer.end->error_output == "bye\n");
    CHECK(stage.process->has_ended());
    CHECK(stage.process->resident_bytes() == 0);
    CHECK(stage.hearer.ends == 1);
    CHECK(stage.host.breaches().text() == "");
}

TEST_CASE("a user attached after the end hears it in the next round", "[claude_code][process]") {
    ProcessStage stage;
    stage.start("exit 0");
    stage.process->attach(nullptr);
    REQUIRE(stage.run_until([&] { return stage.process->has_ended(); }));
    stage.process->attach(&stage.hearer);
    CHECK(stage.hearer.ends == 0);
    stage.host.loop().run_ready();
    CHECK(stage.hearer.ends == 1);
}

TEST_CASE("a program that is missing is named, without its folder", "[claude_code][process]") {
    ProcessStage stage;
    Config config;
    config.cli_path = "/no/such/folder/claude";
    const char* const none[] = {nullptr};
    CliSpawner spawner(stage.home, config, none, "/");
    auto process = spawner.start({"sonnet", "u-1", false});
    process->attach(&stage.hearer);
    CHECK(stage.hearer.ends == 0);
    stage.host.loop().run_ready();
    REQUIRE(stage.hearer.ends == 1);
    CHECK(stage.hearer.end->cause == Cause::kNotStarted);
    CHECK(stage.hearer.end->detail == "the program \"claude\" is missing or not executable");
    spawner.close();
}

TEST_CASE("a program that cannot be executed was not started", "[claude_code][process]") {
    ProcessStage stage;
    stage.process = std::make_unique<SpawnedProcess>(stage.home, ProcessOrder{}, OutputLimits{1024, 1024});
    stage.process->attach(&stage.hearer);
    stage.process->start(ChildSupport{stage.home, stage.launcher, stage.reaper}, {"/etc", {"etc"}, {}, "/"});
    REQUIRE(stage.hears_end());
    CHECK(stage.hearer.end->cause == Cause::kNotStarted);
    CHECK(stage.hearer.end->detail == "the program cannot be executed: Permission denied");
}

TEST_CASE("a line that is no record stops the process", "[claude_code][process]") {
    ProcessStage stage;
    stage.start(say("one") + "echo '  oops'; " + say("two") + "sleep 60");
    REQUIRE(stage.hears_end());
    CHECK(stage.hearer.texts == std::vector<std::string>{"one"});
    CHECK(stage.hearer.end->cause == Cause::kGarbage);
    CHECK(stage.hearer.end->signal == SIGTERM);
}

TEST_CASE("a turn, or a line, that says too much stops the process", "[claude_code][process]") {
    ProcessStage stage;
    const std::string endless = "head -c 100000000 /dev/zero | tr '\\0' x; sleep 60";
    SECTION("in lines") { stage.start("while :; do " + say("more") + "done", {10'000, 1024}); }
    SECTION("in one line of the turn") { stage.start(endless, {10'000, 1024}); }
    SECTION("in one line") { stage.start(endless, {1u << 30, 1024, 200'000}); }
    REQUIRE(stage.hears_end());
    CHECK(stage.hearer.end->cause == Cause::kOutputLimit);
    CHECK(stage.hearer.texts.size() < 200);
}

TEST_CASE("what a turn may say is counted anew with each", "[claude_code][process]") {
    ProcessStage stage;
    stage.start("while read line; do " + say(std::string(600, 'x')) + "done", {1000, 1024});
    for (std::size_t turn = 1; turn <= 4; ++turn) {
        stage.process->begin_turn();
        stage.process->write("go\n");
        REQUIRE(stage.run_until([&] { return stage.hearer.texts.size() == turn; }));
    }
    CHECK(stage.process->turns() == 4);
    CHECK_FALSE(stage.process->is_stopping());
    stage.process->write("go\n");
    REQUIRE(stage.hears_end());
    CHECK(stage.hearer.end->cause == Cause::kOutputLimit);
}

TEST_CASE("without a turn a process gets SIGTERM at once, and SIGKILL 5 s later", "[claude_code][process]") {
    ProcessStage stage;
    SECTION("one that obeys") {
        stage.start(say("up") + "exec sleep 60");
        REQUIRE(stage.hears("up"));
        stage.process->stop(false);
        REQUIRE(stage.hears_end());
        CHECK(stage.hearer.end->signal == SIGTERM);
    }
    SECTION("one that does not") {
        stage.start(kStubborn);
        REQUIRE(stage.hears("up"));
        stage.process->stop(false);
        stage.host.advance(4900ms);
        stage.idle();
        CHECK(stage.hearer.ends == 0);
        stage.process->stop(false);
        stage.host.advance(100ms);
        REQUIRE(stage.hears_end());
        CHECK(stage.hearer.end->signal == SIGKILL);
    }
    CHECK(stage.hearer.end->cause == Cause::kExited);
    CHECK(stage.process->is_stopping());
}

TEST_CASE("a running turn is interrupted, then SIGTERM after 1 s, SIGKILL 5 s later", "[claude_code][process]") {
    ProcessStage stage;
    SECTION("the interrupt suffices") {
        stage.start(say("up") + "while read -r line; do echo \"$line\" >&2; done");
        REQUIRE(stage.hears("up"));
        stage.process->stop(true);
        stage.process->write("not written any more\n");
        REQUIRE(stage.hears_end());
        CHECK(stage.hearer.end->exit_code == 0);
        CHECK(stage.hearer.end->error_output == interrupt_record("stop"));
    }
    SECTION("SIGTERM is needed") {
        stage.start(say("up") + "exec sleep 60");
        REQUIRE(stage.hears("up"));
        stage.process->stop(true);
        stage.host.advance(900ms);
        stage.idle();
        CHECK(stage.hearer.ends == 0);
        stage.host.advance(100ms);
        REQUIRE(stage.hears_end());
        CHECK(stage.hearer.end->signal == SIGTERM);
    }
    SECTION("SIGKILL is needed") {
        stage.start(kStubborn);
        REQUIRE(stage.hears("up"));
        stage.process->stop(true);
        stage.host.advance(5900ms);
        stage.idle();
        CHECK(stage.hearer.ends == 0);
        stage.host.advance(100ms);
        REQUIRE(stage.hears_end());
        CHECK(stage.hearer.end->signal == SIGKILL);
    }
}

TEST_CASE("an urgent stop kills at once, a later one too", "[claude_code][process]") {
    ProcessStage stage;
    stage.start(kStubborn);
    REQUIRE(stage.hears("up"));
    if (GENERATE(false, true)) stage.process->stop(true);
    stage.process->stop(false, true);
    REQUIRE(stage.hears_end());
    CHECK(stage.hearer.end->signal == SIGKILL);
}

TEST_CASE("a paused process is not heard until it is resumed", "[claude_code][process]") {
    ProcessStage stage;
    stage.start(say("one") + say("two") + "exit 0");
    stage.hearer.on_text = [&] {
        if (stage.hearer.texts.size() == 1) stage.process->pause();
    };
    REQUIRE(stage.hears("one"));
    stage.idle();
    CHECK(stage.hearer.texts.size() == 1);
    CHECK(stage.hearer.ends == 0);
    SECTION("by its user") { stage.process->resume(); }
    SECTION("by being stopped") { stage.process->stop(false); }
    CHECK(stage.hearer.texts.size() == 1);
    REQUIRE(stage.hears_end());
    CHECK(stage.hearer.texts == std::vector<std::string>{"one", "two"});
}

TEST_CASE("a paused process is held back by its full pipe", "[claude_code][process]") {
    ProcessStage stage;
    stage.start("while :; do " + say("more") + "done", {1u << 30, 1024});
    stage.process->pause();
    stage.idle();
    CHECK(stage.hearer.texts.empty());
    stage.process->resume();
    CHECK(stage.hears("more"));
}

TEST_CASE("another user may be attached, or the process destroyed, inside a call", "[claude_code][process]") {
    ProcessStage stage;
    SECTION("attached") {
        Hearer next;
        stage.hearer.on_text = [&] { stage.process->attach(&next); };
        stage.start(say("one") + say("two"));
        REQUIRE(stage.run_until([&] { return next.ends == 1; }));
        CHECK(stage.hearer.texts == std::vector<std::string>{"one"});
        CHECK(next.texts == std::vector<std::string>{"two"});
        CHECK(stage.hearer.ends == 0);
    }
    SECTION("destroyed at a record") {
        stage.hearer.on_text = [&] { stage.process.reset(); };
        stage.start(say("one") + say("two") + "sleep 60");
        REQUIRE(stage.run_until([&] { return stage.process == nullptr; }));
        CHECK(stage.hearer.texts.size() == 1);
    }
    SECTION("destroyed at a record that was held back") {
        stage.start(say("one") + say("two"));
        stage.process->pause();
        stage.idle();
        stage.hearer.on_text = [&] { stage.process.reset(); };
        stage.process->resume();
        REQUIRE(stage.run_until([&] { return stage.process == nullptr; }));
    }
    SECTION("destroyed at the end") {
        stage.hearer.on_told = [&] { stage.process.reset(); };
        stage.start("exit 5");
        REQUIRE(stage.run_until([&] { return stage.process == nullptr; }));
        CHECK(stage.hearer.end->exit_code == 5);
    }
    stage.process.reset();
    CHECK(stage.run_until([&] { return stage.reaper.size() == 0; }));
    CHECK(stage.host.loop().watch_count() == 0);
    CHECK(stage.host.loop().timer_count() == 0);
    CHECK(stage.host.breaches().text() == "");
}
