#include "plugin/conduct.hpp"

#include "observability/captured_log.hpp"
#include "observability/metrics.hpp"
#include "plugin/plugin_entry.hpp"
#include "plugin/plugin_failure.hpp"
#include "plugin/table_checks.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sluice::plugin;
using sluice::observability::Misbehaviour;
using sluice::observability::PluginFunction;

namespace {

struct Stage {
    Stage() {
        sluice::config::Containment values;
        values.failures = 2;
        values.retry = std::chrono::milliseconds(0);
        limits.set(values);
    }
    bool shows(const std::string& line) const { return metrics.expose().find(line + "\n") != std::string::npos; }

    sluice::observability::Metrics metrics{1, "0"};
    ContainmentLimits limits;
    std::shared_ptr<Conduct> conduct = Conduct::make(metrics.plugin("plug", "one"), limits, "");
};

std::optional<Misbehaviour> failure_of(std::string_view code, std::string_view message) {
    sluice_error error{};
    error.code = abi_text(code);
    error.message = abi_text(message);
    return sluice::plugin::failure_of(error);
}

}  // namespace

TEST_CASE("an instance that fails too often is kept out, on the page and in the log", "[plugin][unit]") {
    const CapturedLog log;
    Stage stage;
    CHECK(stage.conduct->admit(0) == Admission::kGranted);
    stage.conduct->misbehaved(Misbehaviour::kNoAnswer);
    CHECK_FALSE(stage.conduct->is_quarantined());
    stage.conduct->misbehaved(Misbehaviour::kException);
    CHECK(stage.conduct->is_quarantined());
    CHECK(stage.shows(R"(sluice_plugin_errors_total{plugin="plug",instance="one",reason="exception"} 1)"));
    CHECK(stage.shows(R"(sluice_plugin_quarantined{plugin="plug",instance="one"} 1)"));
    CHECK(log.lines_with(R"("plugin":"plug","instance":"one","reason":"exception")").size() == 1);
    CHECK(stage.conduct->admit(0) == Admission::kTrial);
    CHECK(stage.conduct->admit(0) == Admission::kRefused);
    stage.conduct->end_trial(CallOutcome::kEnded);
    CHECK(stage.conduct->admit(0) == Admission::kGranted);
    CHECK(stage.shows(R"(sluice_plugin_quarantined{plugin="plug",instance="one"} 0)"));
    CHECK(log.lines_with("plugin_released").size() == 1);
}

TEST_CASE("new code of the same name starts clean, and goes on with the counts", "[plugin][unit]") {
    Stage stage;
    stage.conduct->misbehaved(Misbehaviour::kException);
    stage.conduct->misbehaved(Misbehaviour::kException);
    const auto next = Conduct::make(stage.metrics.plugin("plug", "one"), stage.limits, "");
    CHECK_FALSE(next->is_quarantined());
    CHECK(next->id() != stage.conduct->id());
    stage.conduct.reset();
    CHECK(stage.shows(R"(sluice_plugin_quarantined{plugin="plug",instance="one"} 0)"));
    next->misbehaved(Misbehaviour::kException);
    CHECK(stage.shows(R"(sluice_plugin_errors_total{plugin="plug",instance="one",reason="exception"} 3)"));
}

TEST_CASE("an instance is found by its id as long as it lives", "[plugin][unit]") {
    Stage stage;
    const std::uint32_t id = stage.conduct->id();
    CHECK(Conduct::find(id) == stage.conduct);
    stage.conduct.reset();
    CHECK(Conduct::find(id) == nullptr);
}

TEST_CASE("every entry is counted by its function, on loops and elsewhere", "[plugin][unit]") {
    Stage stage;
    { const PluginEntry entry(*stage.conduct, PluginFunction::kOnChunk); }
    entry_slot.shard = 0;
    { const PluginEntry entry(*stage.conduct, PluginFunction::kOnChunk); }
    entry_slot.shard = sluice::observability::ShardedCount::kNoShard;
    CHECK(stage.shows(R"(sluice_plugin_calls_total{plugin="plug",instance="one",function="on_chunk"} 2)"));
}

TEST_CASE("what a callback throws ends at the door and is counted", "[plugin][unit]") {
    Stage stage;
    run_callback(*stage.conduct, PluginFunction::kTimer, [] { throw 7; });
    CHECK(stage.conduct->counts().failures(Misbehaviour::kException) == 1);
    CHECK(entry_slot.depth == 0);
}

TEST_CASE("only what the wrapper says of unexpected failures is a plugin's own fault", "[plugin][unit]") {
    CHECK(failure_of("internal_error", "The plugin failed unexpectedly.") == Misbehaviour::kException);
    CHECK(failure_of("internal_error", "The backend gave the request up without an answer.") ==
          Misbehaviour::kNoAnswer);
    CHECK_FALSE(failure_of("internal_error", "The program ended."));
    CHECK_FALSE(failure_of("upstream_error", "The plugin failed unexpectedly."));
}

TEST_CASE("what is held for an instance may be more than one loop's", "[plugin][unit]") {
    Stage stage;
    stage.conduct->counts().held(100, 0);
    stage.conduct->counts().held(50, sluice::observability::ShardedCount::kNoShard);
    stage.conduct->counts().held(-120, sluice::observability::ShardedCount::kNoShard);
    CHECK(stage.shows(R"(sluice_plugin_held_bytes{plugin="plug",instance="one"} 30)"));
}
