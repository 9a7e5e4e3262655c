#include <algorithm>
#include <cstddef>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "pool_stage.hpp"

using namespace sluice::claude_code;
using namespace sluice::claude_code::testing;
using namespace std::chrono_literals;

namespace {

struct RandomRun {
    explicit RandomRun(unsigned seed) : random(seed), stage(PoolLimits{{{"sonnet", 1}}, 3, 0, 900, 5, 10s, 2s}) {
        stage.pool.keep_warm(true);
    }
    unsigned below(std::size_t count) { return static_cast<unsigned>(random() % count); }
    template <class Items>
    auto& any(Items& items) {
        return items[below(items.size())];
    }

    void ask() {
        const std::string owner = any(owners);
        const std::string model = below(4) == 0 ? "opus" : "sonnet";
        std::string session = below(2) == 0 ? "" : "session-" + std::to_string(stage.ids - static_cast<int>(below(9)));
        // One request at a time is all that a session lets through.
        const bool is_busy = std::any_of(stage.seekers.begin(), stage.seekers.end(), [&](const auto& one) {
            return one->process != nullptr && one->process->order().session_id == session;
        });
        if (is_busy || sought.contains(session)) session.clear();
        Seeker& seeker = stage.ask(owner, session, model);
        if (!session.empty() && seeker.told == 0) sought.emplace(session, &seeker);
    }
    void move_process() {
        if (stage.all.empty()) return;
        ScriptedProcess& one = *any(stage.all);
        one.memory = below(500);
        switch (below(4)) {
            case 0: return one.answer_probe();
            case 1: return one.say(RecordKind::kTextDelta);
            default:
                if (one.is_stopping() || below(5) == 0) one.die();
        }
    }
    void move_seeker() {
        if (stage.seekers.empty()) return;
        Seeker& one = *any(stage.seekers);
        if (one.process != nullptr) {
            if (below(8) == 0) stage.pool.forget_session(one.process->order().session_id);
            one.process->begin_turn();
            one.leave(static_cast<Afterwards>(below(3)));
        } else if (one.told == 0 && !one.has_given_up && below(3) == 0) {
            one.give_up();
        }
    }
    void step() {
        switch (below(5)) {
            case 0: ask(); break;
            case 1:
            case 2: move_process(); break;
            case 3: move_seeker(); break;
            default: stage.host.advance(std::chrono::milliseconds(below(1000)));
        }
        stage.settle();
        std::erase_if(sought, [](const auto& one) { return one.second->told > 0 || one.second->has_given_up; });
    }
    void check() {
        const PoolFigures now = stage.pool.figures();
        const auto alive = now.starting + now.warm + now.idle + now.parked + now.active + now.stopping;
        REQUIRE(alive == stage.all.size());
        REQUIRE(alive <= 3);
        std::set<std::string> sessions;
        for (const auto* one : stage.all) REQUIRE(sessions.insert(one->order().session_id).second);
        const auto has_one = [](const auto& seeker) { return seeker->process != nullptr; };
        const auto held = std::count_if(stage.seekers.begin(), stage.seekers.end(), has_one);
        REQUIRE(static_cast<std::size_t>(held) == now.active);
    }

    std::mt19937 random;
    PoolStage stage;
    std::vector<std::string> owners{"alice", "bob", "carol"};
    std::map<std::string, Seeker*> sought;
};

}  // namespace

TEST_CASE("random steps keep the caps and forget no seeker", "[claude_code][pool][unit]") {
    const unsigned seed = GENERATE(1U, 2U, 3U, 4U);
    INFO("seed " << seed);
    RandomRun run(seed);
    for (int step = 0; step < 3000; ++step) {
        run.step();
        run.check();
        // All that waited have been told by now.
        if (step % 100 == 0) {
            run.stage.host.advance(2s);
            for (const auto& one : run.stage.seekers) REQUIRE(one->told == (one->has_given_up ? 0 : 1));
        }
    }
    bool is_done = false;
    run.stage.pool.shut_down(1s, [&] { is_done = true; });
    run.stage.host.advance(1s);
    CHECK(is_done);
    CHECK(run.stage.all.empty());
    CHECK(run.stage.pool.figures().active == 0);
}

TEST_CASE("an owner with few requests is served as often as one with many", "[claude_code][pool][unit]") {
    const unsigned seed = GENERATE(1U, 2U, 3U);
    INFO("seed " << seed);
    std::mt19937 random(seed);
    PoolLimits limits = three_processes();
    limits.queue_timeout = 1000s;
    PoolStage stage(limits);
    for (int count = 0; count < 60; ++count) stage.ask("many");
    for (int count = 0; count < 10; ++count) stage.ask("few");
    const auto served = [&](std::size_t from, std::size_t to) {
        return std::count_if(stage.seekers.begin() + static_cast<std::ptrdiff_t>(from),
                             stage.seekers.begin() + static_cast<std::ptrdiff_t>(to),
                             [](const auto& one) { return one->told > 0; });
    };
    const auto many_at_first = served(0, 60);
    while (served(60, 70) < 10) {
        ScriptedProcess* const process = stage.all[random() % stage.all.size()];
        for (const auto& one : stage.seekers) {
            if (one->process == process) one->leave(Afterwards::kDiscard);
        }
        process->die();
        stage.host.advance(1ms);
        CHECK(std::abs(served(0, 60) - many_at_first - served(60, 70)) <= 1);
    }
}
