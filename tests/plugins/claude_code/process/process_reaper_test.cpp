#include "process/process_reaper.hpp"

#include <sys/wait.h>
#include <catch2/catch.hpp>

#include <cerrno>
#include <optional>

#include "child_stage.hpp"

using namespace sluice::claude_code;
using sluice::claude_code::testing::ChildStage;

TEST_CASE("a child destroyed at the end of its instance is reaped on the way", "[claude_code][reaper]") {
    ChildStage stage;
    std::optional<ProcessReaper> reaper(stage.home);
    auto child = ChildProcess::start(ChildSupport{stage.home, stage.launcher, *reaper},
                                     {"/bin/sleep", {"sleep", "60"}, {}, "/"}, 1024, stage.listener, stage.problem);
    REQUIRE(child);
    const pid_t id = child->id();
    const bool is_closed_first = GENERATE(false, true);
    if (is_closed_first) reaper->close();
    child.reset();
    reaper->close();
    CHECK(reaper->size() == 1);
    CHECK(stage.host.loop().watch_count() == 0);
    reaper.reset();
    CHECK(waitpid(id, nullptr, WNOHANG) == -1);
    CHECK(errno == ECHILD);
    CHECK(stage.host.breaches().text() == "");
}
