#include "plugin/overrun_watch.hpp"

#include "observability/captured_log.hpp"
#include "observability/metrics.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sluice::plugin;
using namespace std::chrono_literals;
using sluice::observability::Misbehaviour;
using sluice::observability::PluginFunction;

namespace {

/// A watch on a slot of the test's, with instances a and b, and the usual limits: 100 ms a hook, 5 s a cancel.
struct Stage {
    std::shared_ptr<Conduct> instance(const std::string& name) {
        return Conduct::make(metrics.plugin("plug", name), limits, "");
    }
    void enter(Conduct& conduct, PluginFunction function) { slot.enter(conduct.id(), &conduct, function); }
    /// Looks every 10 ms for `time`.
    void pass(std::chrono::milliseconds time) {
        for (; time > 0ms; time -= 10ms) {
            watch.begin_round(10ms, 40ms);
            watch.look_at(thread);
        }
    }
    std::size_t lines(const std::string& part) const { return log.lines_with(part).size(); }

    CapturedLog log;
    sluice::observability::Metrics metrics{1, "0"};
    ContainmentLimits limits;
    std::shared_ptr<Conduct> a = instance("a"), b = instance("b");
    EntrySlot slot;
    Watched thread{slot, ThreadKind::kLoop, 3};
    OverrunWatch watch{limits};
};

}  // namespace

TEST_CASE("a hook that holds its loop is named once while it does, and once when it has ended", "[plugin][unit]") {
    Stage stage;
    stage.enter(*stage.a, PluginFunction::kOnHead);
    stage.pass(100ms);
    CHECK(stage.lines("plugin_overrun") == 0);
    stage.pass(10ms);
    CHECK(stage.lines(R"("plugin":"plug","instance":"a","function":"on_head","loop":3,"ms":100,"state":"running")") ==
          1);
    stage.pass(200ms);
    CHECK(stage.lines("plugin_overrun") == 1);
    stage.slot.leave();
    stage.pass(10ms);
    CHECK(stage.lines(R"("function":"on_head","loop":3,"ms":300,"state":"ended")") == 1);
    CHECK(stage.a->counts().overruns(PluginFunction::kOnHead) == 1);
    CHECK(stage.a->counts().failures(Misbehaviour::kOverrun) == 1);
}

TEST_CASE("many short hooks one after the other are no overrun", "[plugin][unit]") {
    Stage stage;
    for (int i = 0; i < 100; ++i) {
        stage.enter(*stage.a, PluginFunction::kOnChunk);
        stage.pass(10ms);
        stage.slot.leave();
    }
    CHECK(stage.lines("plugin_overrun") == 0);
}

TEST_CASE("the time a plugin waits for another one is the other one's", "[plugin][unit]") {
    Stage stage;
    stage.enter(*stage.a, PluginFunction::kWatch);
    stage.enter(*stage.b, PluginFunction::kOnChunk);
    stage.pass(150ms);
    stage.slot.leave();
    stage.pass(80ms);
    CHECK(stage.lines(R"("instance":"b","function":"on_chunk")") == 2);
    CHECK(stage.lines(R"("instance":"a")") == 0);
    stage.pass(40ms);
    CHECK(stage.lines(R"("instance":"a","function":"watch")") == 1);
}

TEST_CASE("time in which the whole process stood still is nobody's", "[plugin][unit]") {
    Stage stage;
    stage.enter(*stage.a, PluginFunction::kOnHead);
    stage.pass(10ms);
    stage.watch.begin_round(10s, 40ms);
    stage.watch.look_at(stage.thread);
    CHECK(stage.lines("plugin_overrun") == 0);
}

TEST_CASE("a worker may be held until its call has ended", "[plugin][unit]") {
    Stage stage;
    stage.thread.kind = ThreadKind::kWorker;
    stage.enter(*stage.a, PluginFunction::kStart);
    stage.pass(20s);
    CHECK(stage.lines("plugin_overrun") == 0);
    stage.slot.hurried = stage.slot.current_frame();
    stage.pass(5s);
    CHECK(stage.lines("plugin_overrun") == 0);
    stage.pass(20ms);
    CHECK(stage.lines(R"("function":"start","loop":"worker")") == 1);
    CHECK(stage.a->counts().failures(Misbehaviour::kCancelIgnored) == 1);
}

TEST_CASE("without a limit for hooks none is named", "[plugin][unit]") {
    Stage stage;
    sluice::config::Containment no_limit;
    no_limit.hook = 0ms;
    stage.limits.set(no_limit);
    stage.enter(*stage.a, PluginFunction::kOnHead);
    stage.pass(10s);
    CHECK(stage.lines("plugin_overrun") == 0);
}

TEST_CASE("an instance that is gone meanwhile is not looked at", "[plugin][unit]") {
    Stage stage;
    stage.enter(*stage.a, PluginFunction::kOnHead);
    stage.a.reset();
    stage.pass(200ms);
    CHECK(stage.lines("plugin_overrun") == 1);
}

TEST_CASE("the time inside a plugin is sampled by function", "[plugin][unit]") {
    Stage stage;
    stage.enter(*stage.a, PluginFunction::kOnHead);
    stage.pass(30ms);
    stage.slot.leave();
    stage.pass(50ms);
    CHECK(stage.a->counts().spent(PluginFunction::kOnHead) == 30ms);
}

TEST_CASE("plugins that lead into each other more deeply than is watched are left in order", "[plugin][unit]") {
    Stage stage;
    for (std::size_t i = 0; i < EntrySlot::kDepth + 3; ++i) stage.enter(*stage.a, PluginFunction::kOnChunk);
    CHECK(stage.slot.current() == nullptr);
    for (std::size_t i = 0; i < 3; ++i) stage.slot.leave();
    CHECK(stage.slot.current() == stage.a.get());
    for (std::size_t i = 0; i < EntrySlot::kDepth; ++i) stage.slot.leave();
    CHECK(stage.slot.current_frame() == 0);
    CHECK(stage.slot.depth == 0);
}
