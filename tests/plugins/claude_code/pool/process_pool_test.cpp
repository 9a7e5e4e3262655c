#include "process/process_pool.hpp"

#include <string>

#include "pool_stage.hpp"

using namespace sluice::claude_code;
using namespace sluice::claude_code::testing;
using namespace std::chrono_literals;

namespace {

// Gives back what it gets, or takes a refusal, and asks anew, all inside what it is told.
struct RestlessSeeker final : ProcessSeeker {
    explicit RestlessSeeker(ProcessPool& from) : pool(from) {}
    void on_process(CliProcess& process) noexcept override {
        ++processes;
        pool.release(process, Afterwards::kKeep);
        ask();
    }
    void on_no_process(const sluice::Error&) noexcept override {
        ++refusals;
        ask();
    }
    void ask() {
        if (--asks_left >= 0) pool.acquire(ProcessNeed{"sonnet", "", "alice", {}}, *this);
    }
    ProcessPool& pool;
    int asks_left = 5;
    int processes = 0;
    int refusals = 0;
};

}  // namespace

TEST_CASE("a new session takes the warm process, and another one is warmed", "[claude_code][pool][unit]") {
    PoolStage stage;
    stage.make_warm();
    ScriptedProcess* const warm = stage.all.at(0);
    REQUIRE(warm->written.size() == 1);
    CHECK(stage.ask("alice").process == warm);
    stage.host.advance(3s);
    CHECK(stage.pool.figures().starting == 1);
    CHECK(stage.pool.figures().started == 2);
}

TEST_CASE("a process is warmed in a quiet moment, or after three seconds without one", "[claude_code][pool][unit]") {
    PoolStage stage;
    stage.make_warm();
    Seeker& seeker = stage.ask("alice");
    seeker.process->say(RecordKind::kInit);
    SECTION("turns go on") {
        stage.host.advance(2999ms);
        CHECK(stage.pool.figures().starting == 0);
        stage.host.advance(251ms);
        CHECK(stage.pool.figures().starting == 1);
    }
    SECTION("none runs") {
        seeker.leave(Afterwards::kKeep);
        stage.host.advance(200ms);
        CHECK(stage.pool.figures().starting == 0);
        stage.host.advance(300ms);
        CHECK(stage.pool.figures().starting == 1);
    }
}

TEST_CASE("a new session takes the process that is just starting", "[claude_code][pool][unit]") {
    PoolStage stage;
    stage.pool.keep_warm(true);
    stage.host.advance(29s);
    CHECK(stage.ask("alice").process == stage.all.at(0));
}

TEST_CASE("a process that has been starting for long is not relied on", "[claude_code][pool][unit]") {
    PoolStage stage;
    stage.pool.keep_warm(true);
    stage.host.advance(31s);
    ScriptedProcess* const slow = stage.all.at(0);
    Seeker& seeker = stage.ask("alice");
    CHECK(seeker.process != nullptr);
    CHECK(seeker.process != slow);
}

TEST_CASE("a process that is not ready in time is stopped, and the next start waits", "[claude_code][pool][unit]") {
    PoolStage stage;
    stage.pool.keep_warm(true);
    stage.host.advance(59s);
    CHECK(stage.stopping() == nullptr);
    stage.host.advance(1s);
    REQUIRE(stage.stopping() == stage.all.at(0));
    stage.stopping()->die();
    stage.settle();
    CHECK(stage.all.empty());
    CHECK(stage.pool.figures().crashed == 0);
    stage.host.advance(1s);
    CHECK(stage.all.size() == 1);
}

TEST_CASE("starts that fail become rarer until one is ready", "[claude_code][pool][unit]") {
    PoolStage stage;
    stage.pool.keep_warm(true);
    stage.settle();
    for (const auto delay : {1000ms, 2000ms, 4000ms, 8000ms, 16000ms, 32000ms, 60000ms, 60000ms}) {
        REQUIRE(stage.all.size() == 1);
        stage.all[0]->die();
        stage.host.advance(delay - 1ms);
        CHECK(stage.all.empty());
        stage.host.advance(1ms);
    }
    CHECK(stage.host.log().has(SLUICE_LOG_WARN, "slowed down"));
    CHECK(stage.pool.figures().crashed == 8);
    REQUIRE(stage.all.size() == 1);
    stage.all[0]->answer_probe();
    stage.settle();
    stage.all[0]->die();
    stage.host.advance(1s);
    CHECK(stage.all.size() == 1);
}

TEST_CASE("a program that is missing counts neither as started well nor as crashed", "[claude_code][pool][unit]") {
    PoolStage stage;
    stage.pool.keep_warm(true);
    stage.settle();
    stage.all.at(0)->die(ProcessEnd::Cause::kNotStarted);
    stage.settle();
    CHECK(stage.all.empty());
    CHECK(stage.pool.figures().crashed == 0);
}

TEST_CASE("a starter that makes none is backend_unavailable", "[claude_code][pool][unit]") {
    PoolStage stage;
    stage.is_starter_broken = GENERATE(true, false);
    stage.does_starter_throw = !stage.is_starter_broken;
    CHECK(stage.ask("alice").code == "backend_unavailable");
    CHECK(stage.ask("alice", "session-of-old").code == "backend_unavailable");
    stage.pool.keep_warm(true);
    stage.host.advance(10s);
    CHECK(stage.pool.figures().started == 0);
    stage.is_starter_broken = stage.does_starter_throw = false;
    CHECK(stage.ask("alice").process != nullptr);
}

TEST_CASE("nothing is warmed while a request's process comes up", "[claude_code][pool][unit]") {
    PoolStage stage;
    Seeker& seeker = stage.ask("alice");
    stage.pool.keep_warm(true);
    stage.host.advance(3s);
    CHECK(stage.all.size() == 1);
    SECTION("until it has spoken") {
        seeker.process->say(RecordKind::kInit);
        stage.host.advance(250ms);
    }
    SECTION("or has ended") {
        seeker.process->die();
        stage.settle();
    }
    SECTION("or takes too long") { stage.host.advance(28s); }
    CHECK(stage.pool.figures().starting == 1);
}

TEST_CASE("no process is kept warm after keep_warm(false)", "[claude_code][pool][unit]") {
    PoolStage stage;
    stage.make_warm();
    stage.pool.keep_warm(false);
    CHECK(stage.stopping() == stage.all.at(0));
    stage.stopping()->die();
    stage.host.advance(10s);
    CHECK(stage.all.empty());
}

TEST_CASE("a session comes back to its idle process", "[claude_code][pool][unit]") {
    PoolStage stage;
    const std::string session = stage.leave_idle();
    ScriptedProcess* const idle = stage.of(session);
    Seeker& seeker = stage.ask("alice", session);
    CHECK(seeker.process == idle);
    CHECK(stage.pool.figures().active == 1);
}

TEST_CASE("an idle process that does not fit ends before the session's next one starts", "[claude_code][pool][unit]") {
    PoolStage stage;
    const std::string session = stage.leave_idle();
    std::string model = "sonnet";
    Setup setup;
    SECTION("another model") { model = "opus"; }
    SECTION("another setup") {
        stage.of(session)->is_set_up = true;
        setup.system_prompt = "Be brief.";
    }
    SECTION("too many turns") {
        for (int turn = 0; turn < 5; ++turn) stage.of(session)->begin_turn();
    }
    Seeker& seeker = stage.ask("alice", session, model, setup);
    CHECK(seeker.told == 0);
    REQUIRE(stage.stopping() == stage.of(session));
    CHECK_FALSE(stage.stopping()->had_turn);
    stage.stopping()->die();
    stage.settle();
    REQUIRE(seeker.process != nullptr);
    CHECK(seeker.process->order().is_resumed);
    CHECK(seeker.process->order().model == model);
    CHECK(stage.pool.figures().crashed == 0);
}

TEST_CASE("an idle process goes after its time", "[claude_code][pool][unit]") {
    PoolStage stage;
    stage.leave_idle();
    stage.host.advance(9998ms);
    CHECK(stage.stopping() == nullptr);
    stage.host.advance(1ms);
    CHECK(stage.stopping() == stage.all.at(0));
}

TEST_CASE("what a parked process says is heard by the turn that comes back", "[claude_code][pool][unit]") {
    PoolStage stage;
    Seeker& first = stage.ask("alice");
    ScriptedProcess* const process = first.process;
    process->pause();
    first.leave(Afterwards::kPark);
    stage.settle();
    CHECK(process->is_paused());
    process->say(RecordKind::kToolChannel);
    stage.host.advance(1s);
    CHECK(stage.pool.figures().parked == 1);
    // Neither model nor setup matter: its turn goes on.
    Seeker& second = stage.ask("alice", process->order().session_id, "opus");
    REQUIRE(second.process == process);
    stage.settle();
    CHECK(second.heard == std::vector<RecordKind>{RecordKind::kToolChannel});
}

TEST_CASE("a parked process goes after its time, and is told that a turn runs", "[claude_code][pool][unit]") {
    PoolLimits limits = three_processes();
    const bool keeps_idle = GENERATE(true, false);
    if (!keeps_idle) limits.process_idle = 0ms;
    PoolStage stage(limits);
    stage.ask("alice").leave(Afterwards::kPark);
    const std::chrono::milliseconds time = keeps_idle ? 10s : 300s;
    stage.host.advance(time - 1ms);
    CHECK(stage.stopping() == nullptr);
    stage.host.advance(1ms);
    REQUIRE(stage.stopping() == stage.all.at(0));
    CHECK(stage.stopping()->had_turn);
}

TEST_CASE("the process of a forgotten session does not stay", "[claude_code][pool][unit]") {
    PoolStage stage;
    Seeker& seeker = stage.ask("alice");
    ScriptedProcess* const process = seeker.process;
    const std::string session = process->order().session_id;
    SECTION("an active one goes when it is given back") {
        stage.pool.forget_session(session);
        CHECK_FALSE(process->is_stopping());
        const bool is_parked = GENERATE(true, false);
        seeker.leave(is_parked ? Afterwards::kPark : Afterwards::kKeep);
        CHECK(process->had_turn == is_parked);
    }
    SECTION("an idle one goes at once") {
        seeker.leave(Afterwards::kKeep);
        stage.pool.forget_session(session);
        CHECK_FALSE(process->had_turn);
    }
    SECTION("a parked one goes at once") {
        seeker.leave(Afterwards::kPark);
        stage.pool.forget_session(session);
        CHECK(process->had_turn);
    }
    CHECK(process->is_stopping());
    CHECK(stage.pool.figures().stopping == 1);
}

TEST_CASE("a process that ends by itself is counted as crashed once", "[claude_code][pool][unit]") {
    PoolStage stage;
    Seeker& seeker = stage.ask("alice");
    ScriptedProcess* const process = seeker.process;
    SECTION("an active one") {}
    SECTION("an idle one") { seeker.leave(Afterwards::kKeep); }
    SECTION("a parked one, which is heard of when somebody reads") {
        seeker.leave(Afterwards::kPark);
        process->die();
        stage.settle();
        CHECK(stage.pool.figures().parked == 1);
        CHECK(stage.ask("alice", process->order().session_id).process == process);
    }
    process->die();
    stage.settle();
    CHECK(stage.all.empty());
    CHECK(stage.pool.figures().crashed == 1);
    CHECK(stage.pool.figures().active == 0);
}

TEST_CASE("a process that ends because it was discarded has not crashed", "[claude_code][pool][unit]") {
    PoolStage stage;
    Seeker& seeker = stage.ask("alice");
    ScriptedProcess* const process = seeker.process;
    seeker.leave(Afterwards::kDiscard, true);
    CHECK(process->had_turn);
    process->die();
    stage.settle();
    CHECK(stage.all.empty());
    CHECK(stage.pool.figures().crashed == 0);
}

TEST_CASE("a seeker may ask and give back inside what it is told", "[claude_code][pool][unit]") {
    PoolLimits limits = three_processes();
    const bool may_wait = GENERATE(true, false);
    if (!may_wait) limits.queue_timeout = 0ms;
    PoolStage stage(limits);
    RestlessSeeker seeker(stage.pool);
    seeker.ask();
    stage.host.advance(10ms);
    CHECK(seeker.processes == 3);
    if (may_wait) {
        // Each further one needs a place, which an idle process has to give.
        for (int count = 0; count < 2; ++count) {
            REQUIRE(stage.stopping() != nullptr);
            stage.stopping()->die();
            stage.host.advance(10ms);
        }
    }
    CHECK(seeker.processes == (may_wait ? 5 : 3));
    CHECK(seeker.refusals == (may_wait ? 0 : 2));
    CHECK(stage.pool.figures().queued == 0);
}

TEST_CASE("at the end everything is told to stop, and killed when it does not", "[claude_code][pool][unit]") {
    PoolStage stage;
    const std::string idle = stage.leave_idle();
    Seeker& active = stage.ask("alice");
    stage.ask("alice").leave(Afterwards::kPark);
    Seeker& waiting = stage.ask("alice", stage.all[2]->order().session_id + "-other");
    bool is_done = false;
    stage.pool.shut_down(1s, [&] { is_done = true; });
    CHECK(waiting.code == "server_shutting_down");
    CHECK(stage.ask("alice").code == "server_shutting_down");
    for (const auto* one : stage.all) CHECK(one->is_stopping());
    CHECK(active.process->had_turn);
    stage.host.advance(999ms);
    CHECK(stage.all.size() == 3);
    for (const auto* one : stage.all) CHECK_FALSE(one->was_killed);
    CHECK_FALSE(is_done);
    stage.host.advance(1ms);
    CHECK(stage.all.empty());
    CHECK(is_done);
    CHECK(stage.pool.figures().crashed == 0);
}
