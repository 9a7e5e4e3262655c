#include "plugin/probe_process.hpp"

#include "plugin_image.hpp"
#include "temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <signal.h>
#include <unistd.h>

using namespace sluice::plugin;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::milliseconds kLong = 60s;  // a slow machine is no failure
constexpr std::chrono::milliseconds kShort = 2s;  // of what never ends

// The sanitizers' own handlers turn a signal into an exit: the child of a probe is to die of it.
void let_signals_be() {
    for (const char* name : {"ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"}) {
        const char* const set = std::getenv(name);
        setenv(name, (std::string(set == nullptr ? "" : set) + ":handle_segv=0:handle_abort=0").c_str(), 1);
    }
}

class ProbeFixture {
protected:
    ProbeFixture() { let_signals_be(); }
    ~ProbeFixture() { unsetenv("SLUICE_UNRULY"); }

    ProbeLimits limits(std::chrono::milliseconds timeout = kLong) const {
        ProbeLimits limits;
        limits.timeout = timeout;
        limits.program = SLUICE_PROGRAM;
        limits.scratch = scratch_.path();
        return limits;
    }

    static ProbedInstance breaking(const std::string& how, const std::string& name = "x") {
        return {name, "{\"breaks\":\"" + how + "\"}", true};
    }

    sluice::Result<void, ProbeFailure> run(std::vector<ProbedInstance> instances,
                                           std::chrono::milliseconds timeout = kLong,
                                           const char* file = "unruly") const {
        auto outcome = probe({folder_.take(fixture(file)), std::move(instances)}, limits(timeout));
        CHECK(std::filesystem::is_empty(scratch_.path()));
        return outcome;
    }

    /// "step: reason" of a probe that failed.
    std::string failure(std::vector<ProbedInstance> instances, std::chrono::milliseconds timeout = kLong,
                        const char* file = "unruly") const {
        const auto outcome = run(std::move(instances), timeout, file);
        return outcome ? "taken" : outcome.error().step + ": " + outcome.error().reason;
    }

    TemporaryFolder folder_;
    TemporaryFolder scratch_;
};

std::set<std::string> children() {
    std::set<std::string> found;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream file(task.path() / "children");
        for (std::string child; file >> child;) found.insert(child);
    }
    return found;
}

}  // namespace

TEST_CASE_METHOD(ProbeFixture, "a probe takes a plugin whose instances can be made", "[probe][unit]") {
    CHECK(failure({}) == "taken");
    CHECK(failure({breaking("nothing", "a"), {"b", "{}", true}}) == "taken");
    CHECK(failure({{"a", "{}", true}, {"b", "{}", false}}, kLong, "fixture") == "taken");
    CHECK(failure({}, kLong, "resident") == "taken");
}

TEST_CASE_METHOD(ProbeFixture, "instances of a probe know that they are only tried", "[probe][unit]") {
    CHECK(failure({breaking("unless probed")}) == "taken");
}

TEST_CASE_METHOD(ProbeFixture, "what a plugin does while its static constructors run hits the probe alone",
                 "[probe][unit]") {
    setenv("SLUICE_UNRULY", "crash", 1);
    CHECK(failure({}) == "load: died of SIGSEGV (segmentation fault) while its static constructors ran (load)");
    setenv("SLUICE_UNRULY", "exit", 1);
    CHECK(failure({}) == "load: exited with 3 while its static constructors ran (load)");
    setenv("SLUICE_UNRULY", "hang", 1);
    CHECK(failure({}, kShort) == "load: did not end within 2000 ms while its static constructors ran (load)");
    setenv("SLUICE_UNRULY", "throw", 1);
    CHECK(failure({}) ==
          "load: died of SIGABRT (aborted) while its static constructors ran (load); its last words: what():  boom");
}

TEST_CASE_METHOD(ProbeFixture, "a crash while the code is unloaded is found", "[probe][unit]") {
    setenv("SLUICE_UNRULY", "crash in destructor", 1);
    CHECK(failure({}) == "destroy: died of SIGSEGV (segmentation fault) while its code was unloaded (destroy)");
}

TEST_CASE_METHOD(ProbeFixture, "what breaks in create is named with its instance", "[probe][unit]") {
    const auto crashed = run({breaking("nothing", "a"), breaking("crash", "b"), breaking("nothing", "c")});
    REQUIRE_FALSE(crashed);
    CHECK(crashed.error().instance == "b");
    CHECK(crashed.error().step == "create");
    CHECK(crashed.error().reason == "died of SIGSEGV (segmentation fault) in create of instance \"b\"");
    CHECK(failure({breaking("hang")}, kShort) == "create: did not end within 2000 ms in create of instance \"x\"");
    CHECK(failure({breaking("exit")}) == "create: exited with 3 in create of instance \"x\"");
    CHECK(failure({breaking("talk")}) ==
          "create: died of SIGABRT (aborted) in create of instance \"x\"; its last words: the disk is on fire");
}

TEST_CASE_METHOD(ProbeFixture, "what breaks in destroy is named with its instance", "[probe][unit]") {
    CHECK(failure({breaking("late hang")}, kShort) ==
          "destroy: did not end within 2000 ms in destroy of instance \"x\"");
    CHECK(failure({breaking("late crash")}) ==
          "destroy: died of SIGSEGV (segmentation fault) in destroy of instance \"x\"");
}

TEST_CASE_METHOD(ProbeFixture, "the words of the loader, the schema and create are passed on", "[probe][unit]") {
    CHECK(failure({breaking("refuse")}) ==
          "create: instance \"x\" of plugin unruly 0.1.0: create() failed with SLUICE_E_INVALID: "
          "upstream: found nothing, expected a URL");
    CHECK_THAT(failure({{"x", "{\"brakes\":\"\"}", true}}), Catch::Contains("create: config.brakes: "));
    CHECK_THAT(failure({}, kLong, "undefined"),
               Catch::StartsWith("load: cannot be loaded: ") && Catch::Contains("fixture_not_there"));
    CHECK_THAT(failure({}, kLong, "without_manifest"), Catch::StartsWith("inspect: has no manifest"));
    CHECK(failure({}, kLong, "refusing") == "load: refuses to work with a host of ABI 1.0");
}

TEST_CASE_METHOD(ProbeFixture, "a secret goes to the plugin and nowhere else", "[probe][unit]") {
    CHECK(failure({{"x", R"({"breaks":"secret","key":"hunter2"})", true}}) == "taken");
}

TEST_CASE_METHOD(ProbeFixture, "a request larger than any pipe arrives", "[probe][unit]") {
    std::vector<ProbedInstance> many;
    for (int number = 0; number < 40; ++number) {
        many.push_back({"x" + std::to_string(number), "{\"breaks\":\"" + std::string(100000, 'z') + "\"}", true});
    }
    CHECK(failure(many) == "taken");
}

TEST_CASE_METHOD(ProbeFixture, "a probe leaves no process and no descriptor behind", "[probe][unit]") {
    const auto descriptors = [] { return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}); };
    const auto before = descriptors();
    CHECK_FALSE(run({breaking("hang")}, 500ms));
    CHECK(run({}));
    CHECK(descriptors() == before);
    CHECK(children().empty());
}

TEST_CASE_METHOD(ProbeFixture, "probes run beside each other", "[probe][unit]") {
    const std::filesystem::path file = folder_.take(fixture("unruly"));
    std::vector<std::string> outcomes(4);
    std::vector<std::thread> threads;
    for (std::size_t index = 0; index < outcomes.size(); ++index) {
        threads.emplace_back([&, index] {
            const auto outcome = probe({file, {breaking(index % 2 == 0 ? "nothing" : "refuse")}}, limits());
            outcomes[index] = outcome ? "taken" : outcome.error().step;
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(outcomes == std::vector<std::string>{"taken", "create", "taken", "create"});
}

TEST_CASE_METHOD(ProbeFixture, "a program that cannot be started is told from a plugin that fails", "[probe][unit]") {
    ProbeLimits without = limits();
    without.program = folder_.path() / "nothing";
    const auto outcome = probe({folder_.take(fixture("unruly")), {}}, without);
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().step == "start");
    CHECK_THAT(outcome.error().reason, Catch::Contains("cannot be started: No such file or directory"));
}
