#include "plugin/quarantine.hpp"

#include <catch2/catch.hpp>

#include <cstdint>

using namespace sluice::plugin;
using namespace std::chrono_literals;

namespace {

/// A quarantine of 5 failures within 30 s and 10 s of wait, on a clock that stands still.
struct Stage {
    /// The call fails; true if that begins the quarantine.
    bool fail() { return quarantine.add_failure(now, ++calls); }
    void succeed(std::uint64_t count) { calls += count; }
    bool fail_often(int count) {
        bool has_begun = false;
        for (int i = 0; i < count; ++i) has_begun |= fail();
        return has_begun;
    }

    ContainmentLimits limits;
    Quarantine quarantine{limits};
    Quarantine::Time now{};
    std::uint64_t calls = 0;
};

}  // namespace

TEST_CASE("the fifth failure in a row begins a quarantine", "[plugin][unit]") {
    Stage stage;
    CHECK_FALSE(stage.fail_often(4));
    CHECK_FALSE(stage.quarantine.is_closed());
    CHECK(stage.fail());
    CHECK(stage.quarantine.is_closed());
    CHECK_FALSE(stage.fail());
}

TEST_CASE("failures that are further apart than the window begin none", "[plugin][unit]") {
    Stage stage;
    stage.fail_often(4);
    stage.now += 30s + 1ms;
    CHECK_FALSE(stage.fail_often(4));
    CHECK(stage.fail());
}

TEST_CASE("an instance whose calls succeed for the most part is not kept out", "[plugin][unit]") {
    Stage stage;
    bool has_begun = false;
    for (int i = 0; i < 50; ++i) {
        has_begun |= stage.fail();
        stage.succeed(2);
    }
    CHECK_FALSE(has_begun);
    for (int i = 0; i < 5; ++i) {
        has_begun |= stage.fail();
        stage.succeed(1);
    }
    CHECK(has_begun);
}

TEST_CASE("without a number of failures there is no quarantine", "[plugin][unit]") {
    Stage stage;
    sluice::config::Containment never;
    never.failures = 0;
    stage.limits.set(never);
    CHECK_FALSE(stage.fail_often(100));
}

TEST_CASE("after the wait one call at a time is tried, and a good one releases", "[plugin][unit]") {
    Stage stage;
    stage.fail_often(5);
    CHECK_FALSE(stage.quarantine.begin_trial(stage.now));
    CHECK(stage.quarantine.until_trial(stage.now) == 10s);
    stage.now += 10s;
    CHECK(stage.quarantine.begin_trial(stage.now));
    CHECK_FALSE(stage.quarantine.begin_trial(stage.now));
    CHECK(stage.quarantine.end_trial(stage.now, CallOutcome::kEnded));
    CHECK_FALSE(stage.quarantine.is_closed());
    CHECK_FALSE(stage.fail_often(4));
    CHECK(stage.fail());
}

TEST_CASE("a trial that fails begins the wait anew", "[plugin][unit]") {
    Stage stage;
    stage.fail_often(5);
    stage.now += 10s;
    CHECK(stage.quarantine.begin_trial(stage.now));
    stage.fail();
    CHECK_FALSE(stage.quarantine.end_trial(stage.now, CallOutcome::kEnded));
    stage.now += 10s - 1ms;
    CHECK_FALSE(stage.quarantine.begin_trial(stage.now));
    stage.now += 1ms;
    CHECK(stage.quarantine.begin_trial(stage.now));
}

TEST_CASE("a trial whose client has left says nothing, and the next call is tried", "[plugin][unit]") {
    Stage stage;
    stage.fail_often(5);
    stage.now += 10s;
    CHECK(stage.quarantine.begin_trial(stage.now));
    CHECK_FALSE(stage.quarantine.end_trial(stage.now, CallOutcome::kUnknown));
    CHECK(stage.quarantine.is_closed());
    CHECK(stage.quarantine.begin_trial(stage.now));
}
