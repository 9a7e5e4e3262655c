#include "reload/health_check.hpp"

#include <catch2/catch.hpp>

#include <string>

#include "net/workshop.hpp"

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;

namespace {

/// A backend that is as it is told to be.
struct Patient final : PuppetBackend {
    explicit Patient(sluice_health_state is) : state(is) {}
    sluice_status start(sluice_call*, const sluice_call_api&, const sluice_request&) override { return SLUICE_E_STATE; }
    sluice_status health(sluice_health* health, const sluice_health_api& api) override {
        const sluice_str word = SLUICE_STR("upstream_unreachable");
        if (!is_mute) {
            api.done(health, state, word);
        } else {
            left = health;
            left_api = &api;
        }
        return SLUICE_OK;
    }
    /// The answer that is owed.
    ~Patient() override {
        const sluice_str word = SLUICE_STR("late");
        if (left) left_api->done(left, state, word);
    }
    sluice_health_state state;
    bool is_mute = false;
    sluice_health* left = nullptr;
    const sluice_health_api* left_api = nullptr;
};

struct Stage {
    /// What is wrong with replacing `before` by `after`.
    std::string verdict(Patient& before, Patient& after, const std::string& next_name = "one") {
        generation::Generation running;
        generation::Generation next;
        running.backends.push_back(workshop.backend("one", before));
        next.backends.push_back(workshop.backend(next_name, after));
        backend::QueryLoop loop{nullptr, [](const std::function<void()>& task) {
                                    task();
                                    return true;
                                }};
        std::string text;
        for (const auto& problem : reload::check_health(next, running, loop, 5ms)) text += problem.text();
        return text;
    }
    Workshop workshop;
    Patient well{SLUICE_HEALTH_OK};
    Patient so_so{SLUICE_HEALTH_DEGRADED};
    Patient down{SLUICE_HEALTH_DOWN};
    Patient down_too{SLUICE_HEALTH_DOWN};
};

}  // namespace

TEST_CASE("a backend that works is not replaced by one that does not", "[reload][unit]") {
    Stage stage;
    CHECK(stage.verdict(stage.well, stage.down) ==
          "backends.one: found \"upstream_unreachable\", expected it to work as the one that serves does");
    CHECK(stage.verdict(stage.well, stage.so_so).empty());
}

TEST_CASE("one that was down before, or is new, may be down", "[reload][unit]") {
    Stage stage;
    CHECK(stage.verdict(stage.down, stage.down_too).empty());
    CHECK(stage.verdict(stage.well, stage.down, "two").empty());
}

TEST_CASE("one that says nothing in time counts as down", "[reload][unit]") {
    Stage stage;
    auto mute = std::make_unique<Patient>(SLUICE_HEALTH_OK);
    mute->is_mute = true;
    const std::string verdict = stage.verdict(stage.well, *mute);
    CHECK(verdict.starts_with("backends.one: found no answer within 5 ms"));
    mute.reset();
}
