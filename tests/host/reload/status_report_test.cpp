#include "reload/status_report.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sluice;
using reload::Outcome;

namespace {

Outcome refused() {
    Outcome outcome;
    outcome.kind = Outcome::Kind::kRefused;
    outcome.generation = 7;
    outcome.step = "probe";
    outcome.problems = {{"backends.one.plugin", "died of SIGSEGV"}, {"", "something else"}};
    return outcome;
}

}  // namespace

TEST_CASE("a reload that was done says what serves and what has changed", "[reload][unit]") {
    Outcome outcome;
    outcome.kind = Outcome::Kind::kDone;
    outcome.generation = 8;
    outcome.previous = 7;
    outcome.changes = {"routes[0]: added", "log.level: \"info\" -> \"debug\""};
    CHECK(reload::outcome_text(outcome) ==
          "generation 8 serves (was 7)\nroutes[0]: added\nlog.level: \"info\" -> \"debug\"\n");
}

TEST_CASE("a reload that changed nothing says so", "[reload][unit]") {
    Outcome outcome;
    outcome.generation = 7;
    CHECK(reload::outcome_text(outcome) == "nothing changed: generation 7 goes on\n");
}

TEST_CASE("a refused reload names the step, each place and reason, and what goes on", "[reload][unit]") {
    CHECK(reload::outcome_text(refused()).empty());
    CHECK(reload::refusal_text(refused()) ==
          "sluice: reload refused at step probe: backends.one.plugin: died of SIGSEGV\n"
          "sluice: reload refused at step probe: something else\n"
          "generation 7 goes on\n");
}

TEST_CASE("the status shows what serves, what drains, what stayed and the last reload", "[reload][unit]") {
    reload::Status status;
    status.version = "1.2.3";
    auto serving = std::make_shared<generation::Generation>();
    serving->number = 7;
    status.serving = serving;
    status.draining = {{6, std::chrono::milliseconds(1200), false}, {5, std::chrono::milliseconds(99000), true}};
    status.resident = {{"one", "1.0.0", std::string(64, 'b'), "/x", plugin::UnloadOutcome::kResident, "NODELETE"}};
    status.last_reload = std::make_shared<const reload::Reloader::Last>(
        reload::Reloader::Last{refused(), "SIGHUP", std::chrono::system_clock::time_point(std::chrono::hours(24))});
    CHECK(reload::status_text(status) ==
          "sluice 1.2.3: generation 7 serves, with 0 plugins, 0 backends, 0 middleware\n"
          "generation 6 drains since 1200 ms\n"
          "generation 5 is cut off and still held since 99000 ms\n"
          "closed but still in memory: one 1.0.0 (bbbbbbbbbbbb)\n"
          "last reload: refused at 1970-01-02T00:00:00Z (SIGHUP)\n" +
              reload::refusal_text(refused()));
    CHECK(reload::status_json(status) ==
          R"({"version":"1.2.3","generation":7,"plugins":0,"backends":0,"middleware":0,"draining":[)"
          R"({"generation":6,"age_ms":1200,"is_cut":false},{"generation":5,"age_ms":99000,"is_cut":true}],)"
          R"("resident":1,"last_reload":{"result":"refused","at":"1970-01-02T00:00:00Z","cause":"SIGHUP",)"
          R"("step":"probe","problems":["backends.one.plugin: died of SIGSEGV","something else"]}})"
          "\n");
}
