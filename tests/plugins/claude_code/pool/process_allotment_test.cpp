#include "process/process_allotment.hpp"

#include <string>

#include "pool_stage.hpp"

using namespace sluice::claude_code;
using namespace sluice::claude_code::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kMany = 1000;

PoolLimits one_gigabyte() {
    PoolLimits limits = three_processes();
    limits.max_memory_bytes = 1'000'000'000;
    limits.max_process_memory_bytes = 600'000'000;
    limits.process_idle = std::chrono::seconds(kMany);
    return limits;
}

PoolLimits without_waiting() {
    PoolLimits limits = three_processes();
    limits.queue_timeout = 0ms;
    return limits;
}

}  // namespace

TEST_CASE("a seeker that waits too long hears what was full and for how long", "[claude_code][pool][unit]") {
    PoolStage stage;
    for (int count = 0; count < 3; ++count) stage.ask("alice");
    stage.host.advance(300ms);
    Seeker& late = stage.ask("bob");
    CHECK(stage.pool.figures().queued == 1);
    stage.host.advance(1999ms);
    CHECK(late.told == 0);
    SECTION("while all of them answer") {
        stage.host.advance(1ms);
        CHECK(late.message == "All 3 processes are in use: 3 answer, 0 are ending; the request waited for 2000 ms.");
        CHECK(late.retry_after == 5s);
    }
    SECTION("while one is ending") {
        stage.seekers[0]->leave(Afterwards::kDiscard, true);
        stage.host.advance(1ms);
        CHECK(late.message == "All 3 processes are in use: 2 answer, 1 are ending; the request waited for 2000 ms.");
        CHECK(late.retry_after == 1s);
    }
    CHECK(late.code == "capacity_exceeded");
    CHECK(stage.pool.figures().queued == 0);
}

TEST_CASE("a session whose process does not end hears that", "[claude_code][pool][unit]") {
    PoolStage stage;
    const std::string session = stage.leave_idle();
    Seeker& seeker = stage.ask("alice", session, "opus");
    stage.host.advance(2s);
    CHECK(seeker.code == "capacity_exceeded");
    CHECK(seeker.message ==
          "The process that the session had before has not ended yet; the request waited for 2000 ms.");
}

TEST_CASE("without waiting a full pool refuses at once and stops nothing", "[claude_code][pool][unit]") {
    PoolStage stage(without_waiting());
    const std::string session = stage.leave_idle();
    stage.ask("alice");
    stage.ask("alice").leave(Afterwards::kPark);
    Seeker& refused = stage.ask("bob");
    CHECK(refused.code == "capacity_exceeded");
    CHECK(refused.message.find("waited for 0 ms") != std::string::npos);
    CHECK(stage.stopping() == nullptr);
    CHECK(stage.ask("bob", session).process != nullptr);
}

TEST_CASE("without waiting the session's process that does not fit is replaced for the next try",
          "[claude_code][pool][unit]") {
    PoolStage stage(without_waiting());
    const std::string session = stage.leave_idle();
    CHECK(stage.ask("alice", session, "opus").code == "capacity_exceeded");
    REQUIRE(stage.stopping() == stage.of(session));
    stage.stopping()->die();
    stage.settle();
    CHECK(stage.ask("alice", session, "opus").process != nullptr);
}

TEST_CASE("an owner with many requests does not keep another one waiting", "[claude_code][pool][unit]") {
    PoolStage stage;
    for (int count = 0; count < 3; ++count) stage.ask("alice");
    Seeker& first = stage.ask("alice");
    Seeker& second = stage.ask("alice");
    Seeker& other = stage.ask("bob");
    const auto end_one = [&](std::size_t which) {
        ScriptedProcess* const process = stage.seekers[which]->process;
        stage.seekers[which]->leave(Afterwards::kDiscard);
        process->die();
        stage.settle();
    };
    end_one(0);
    CHECK(first.process != nullptr);
    end_one(1);
    CHECK(other.process != nullptr);
    CHECK(second.process == nullptr);
    end_one(2);
    CHECK(second.process != nullptr);
}

TEST_CASE("for a seeker goes what it misses least", "[claude_code][pool][unit]") {
    PoolStage stage(PoolLimits{{{"opus", 1}, {"sonnet", 1}}, 4, 0, 0, 5, 1000s, 2s});
    const std::string cold = stage.leave_idle("haiku");
    stage.ask("alice", "", "haiku").leave(Afterwards::kPark);
    ScriptedProcess* const parked = stage.all[1];
    parked->has_spoken = stage.all[0]->has_spoken = true;
    stage.host.advance(300ms);  // a quiet moment
    stage.make_warm();
    stage.make_warm();
    REQUIRE(stage.pool.figures().warm == 2);
    ScriptedProcess* const opus = stage.all[2];
    ScriptedProcess* const sonnet = stage.all[3];

    stage.ask("alice", "session-of-old-1");
    REQUIRE(stage.stopping() == opus);
    opus->die();
    stage.settle();
    REQUIRE(stage.pool.figures().active == 1);
    stage.ask("alice", "session-of-old-2");
    REQUIRE(stage.stopping() == sonnet);
    sonnet->die();
    stage.settle();
    stage.ask("alice", "session-of-old-3");
    REQUIRE(stage.stopping() == stage.of(cold));
    stage.of(cold)->die();
    stage.settle();
    stage.ask("alice", "session-of-old-4");
    REQUIRE(stage.stopping() == parked);
    CHECK(parked->had_turn);
}

TEST_CASE("of idle processes the one that was used longest ago goes", "[claude_code][pool][unit]") {
    PoolStage stage;
    const std::string first = stage.leave_idle("haiku");
    const std::string second = stage.leave_idle("haiku");
    stage.leave_idle("haiku");
    stage.ask("alice", first, "haiku").leave(Afterwards::kKeep);
    stage.ask("bob");
    CHECK(stage.stopping() == stage.of(second));
}

TEST_CASE("who made room gets it, though others waited for longer", "[claude_code][pool][unit]") {
    PoolStage stage;
    stage.ask("alice");
    ScriptedProcess* const discarded = stage.ask("alice").process;
    ScriptedProcess* const idle = stage.of(stage.leave_idle());
    stage.seekers[1]->leave(Afterwards::kDiscard);
    // One process ends anyway: nothing goes for the first seeker.
    Seeker& first = stage.ask("bob");
    CHECK(stage.stopping() == discarded);
    Seeker& evictor = stage.ask("carol");
    REQUIRE(idle->is_stopping());
    SECTION("if what it has stopped ends first") {
        idle->die();
        stage.settle();
        CHECK(evictor.process != nullptr);
        CHECK(first.told == 0);
        discarded->die();
    }
    SECTION("or else both get one, in their order") {
        discarded->die();
        stage.settle();
        CHECK(first.process != nullptr);
        CHECK(evictor.told == 0);
        idle->die();
    }
    stage.settle();
    CHECK(first.process != nullptr);
    CHECK(evictor.process != nullptr);
}

TEST_CASE("who made room does not wait for it when there is other room", "[claude_code][pool][unit]") {
    PoolStage stage;
    ScriptedProcess* const active = stage.ask("alice").process;
    stage.ask("alice");
    ScriptedProcess* const stubborn = stage.of(stage.leave_idle());
    Seeker& evictor = stage.ask("bob");
    REQUIRE(stage.stopping() == stubborn);
    stage.seekers[0]->leave(Afterwards::kDiscard);
    active->die();
    stage.settle();
    CHECK(evictor.process != nullptr);
    Seeker& next = stage.ask("carol");
    stubborn->die();
    stage.settle();
    CHECK(next.process != nullptr);
}

TEST_CASE("what was freed for one that gave up goes to the next", "[claude_code][pool][unit]") {
    PoolStage stage;
    stage.leave_idle("haiku");
    stage.leave_idle("haiku");
    stage.leave_idle("haiku");
    Seeker& evictor = stage.ask("alice");
    ScriptedProcess* const evicted = stage.stopping();
    REQUIRE(evicted != nullptr);
    evictor.give_up();
    Seeker& next = stage.ask("bob");
    // No second one goes for it.
    CHECK(stage.stopping() == evicted);
    evicted->die();
    stage.settle();
    CHECK(next.process != nullptr);
    CHECK(evictor.told == 0);
}

TEST_CASE("a process that holds too much memory serves no more turns", "[claude_code][pool][unit]") {
    PoolStage stage(one_gigabyte());
    SECTION("it is stopped when it is given back") {
        Seeker& seeker = stage.ask("alice");
        seeker.process->memory = 600'000'001;
        seeker.leave(Afterwards::kKeep);
    }
    SECTION("or replaced when it is wanted again") {
        const std::string session = stage.leave_idle();
        stage.of(session)->memory = 600'000'001;
        CHECK(stage.ask("alice", session).told == 0);
    }
    CHECK(stage.stopping() == stage.all.at(0));
}

TEST_CASE("over the limit of memory the coldest go, but none that is at work", "[claude_code][pool][unit]") {
    PoolStage stage(one_gigabyte());
    stage.ask("alice");
    const std::string cold = stage.leave_idle();
    stage.leave_idle();
    for (auto* one : stage.all) one->memory = 400'000'000;
    stage.host.advance(5s);
    CHECK(stage.pool.figures().resident_bytes == 1'200'000'000);
    CHECK(stage.stopping() == stage.of(cold));
    stage.stopping()->die();
    stage.host.advance(10s);
    CHECK(stage.pool.figures().idle == 1);
    for (auto* one : stage.all) one->memory = 1'200'000'000;
    stage.host.advance(5s);
    CHECK(stage.pool.figures().active == 1);
    CHECK(stage.pool.figures().stopping == 1);
}

TEST_CASE("nothing is warmed that would be over the limit of memory", "[claude_code][pool][unit]") {
    PoolStage stage(one_gigabyte());
    for (int count = 0; count < 2; ++count) {
        ScriptedProcess& process = *stage.ask("alice").process;
        process.memory = 400'000'000;
        process.has_spoken = true;
    }
    stage.host.advance(5s);
    stage.pool.keep_warm(true);
    stage.host.advance(20s);
    CHECK(stage.all.size() == 2);
    for (auto* one : stage.all) one->memory = 300'000'000;
    stage.host.advance(5s);
    CHECK(stage.pool.figures().starting == 1);
}

TEST_CASE("over the limit of memory an idle one goes before a request's process starts", "[claude_code][pool][unit]") {
    PoolStage stage(one_gigabyte());
    Seeker& first = stage.ask("alice");
    Seeker& second = stage.ask("alice");
    for (auto* one : stage.all) one->memory = 550'000'000;
    stage.host.advance(5s);
    SECTION("if there is one") {
        first.leave(Afterwards::kKeep);
        Seeker& seeker = stage.ask("bob");
        CHECK(seeker.told == 0);
        REQUIRE(stage.stopping() != nullptr);
        SECTION("and has ended") {
            stage.stopping()->die();
            stage.settle();
            CHECK(seeker.process != nullptr);
        }
        SECTION("or does not end") {
            stage.host.advance(2s);
            CHECK(seeker.message.starts_with("The processes hold all the memory they may"));
        }
    }
    SECTION("but not a parked one") {
        first.leave(Afterwards::kPark);
        CHECK(stage.ask("bob").process != nullptr);
        CHECK(stage.stopping() == nullptr);
    }
    CHECK(second.process != nullptr);
}
