#include "process/child_process.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <catch2/catch.hpp>

#include <cerrno>

#include "child_stage.hpp"

using namespace sluice::claude_code;
using namespace sluice::claude_code::testing;

TEST_CASE("exit code, output and error output of a child are told", "[claude_code][child]") {
    ChildStage stage;
    auto child = stage.shell("echo out; echo err >&2; exit 7");
    REQUIRE(stage.run_to_end());
    CHECK(stage.listener.output == "out\n");
    CHECK(stage.listener.end->error_output == "err\n");
    CHECK(stage.listener.end->exit_code == 7);
    CHECK(stage.listener.end->signal == 0);
    CHECK(stage.listener.ends == 1);
    CHECK(stage.host.breaches().text() == "");
}

TEST_CASE("the signal that ended a child is told", "[claude_code][child]") {
    ChildStage stage;
    auto child = stage.shell("kill -SEGV $$");
    REQUIRE(stage.run_to_end());
    CHECK(stage.listener.end->exit_code == -1);
    CHECK(stage.listener.end->signal == SIGSEGV);
}

TEST_CASE("4 MB go into a child and come back", "[claude_code][child]") {
    ChildStage stage;
    auto child = stage.start({"/bin/cat", {"cat"}, {}, "/"});
    std::string bytes(4u << 20, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 + i / 251);
    child->write(bytes);
    child->write("end");
    child->close_input();
    REQUIRE(stage.run_to_end());
    CHECK(stage.listener.output == bytes + "end");
    CHECK(stage.listener.end->exit_code == 0);
    CHECK(stage.host.breaches().text() == "");
}

TEST_CASE("writing to a child that does not read any more does no harm", "[claude_code][child]") {
    ChildStage stage;
    const auto before = signal(SIGPIPE, SIG_DFL);
    auto child = stage.shell("exec 0<&-; echo closed; sleep 60");
    REQUIRE(stage.run_to_output("closed"));
    child->write("nobody reads this");
    child->write("nor this");
    child->send_signal(SIGTERM);
    REQUIRE(stage.run_to_end());
    CHECK(stage.listener.end->signal == SIGTERM);
    signal(SIGPIPE, before);
}

TEST_CASE("of a long error output the end is kept", "[claude_code][child]") {
    ChildStage stage;
    auto child = stage.shell("head -c 3000000 /dev/zero | tr '\\0' x >&2; echo last >&2", 4096);
    REQUIRE(stage.run_to_end());
    CHECK(stage.listener.end->error_output == std::string(4091, 'x') + "last\n");
}

TEST_CASE("what a child wrote before it ended is told before its end, a pause included", "[claude_code][child]") {
    ChildStage stage;
    auto child = stage.shell("head -c 60000 /dev/zero");
    child->pause_output();
    stage.host.loop().run_until([] { return false; }, std::chrono::milliseconds(200));
    CHECK(stage.listener.output.empty());
    CHECK(stage.listener.ends == 0);
    child->resume_output();
    REQUIRE(stage.run_to_end());
    CHECK(stage.listener.output.size() == 60000);
}

TEST_CASE("a child's end does not wait for processes it leaves behind", "[claude_code][child]") {
    ChildStage stage;
    auto child = stage.shell("sleep 20 & echo $!");
    const auto began = std::chrono::steady_clock::now();
    REQUIRE(stage.run_to_end());
    CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(10));
    kill(static_cast<pid_t>(std::stol(stage.listener.output)), SIGKILL);
}

TEST_CASE("a child may be destroyed inside each of its calls", "[claude_code][child]") {
    ChildStage stage;
    std::unique_ptr<ChildProcess> child;
    bool is_called = false;
    const auto destroy = [&] {
        child.reset();
        is_called = true;
    };
    SECTION("output") {
        stage.listener.on_bytes = destroy;
        child = stage.shell("echo one; sleep 60");
    }
    SECTION("output of one that has exited") {
        stage.listener.on_bytes = destroy;
        child = stage.shell("echo one");
        child->pause_output();
        stage.host.loop().run_until([] { return false; }, std::chrono::milliseconds(200));
        child->resume_output();
    }
    SECTION("end") {
        stage.listener.on_told = destroy;
        child = stage.shell("exit 0");
    }
    CHECK(stage.host.loop().run_until([&] { return is_called; }));
    CHECK(stage.host.loop().run_until([&] { return stage.reaper.size() == 0; }));
    CHECK(stage.host.breaches().text() == "");
}

TEST_CASE("resident memory is read while a child runs", "[claude_code][child]") {
    ChildStage stage;
    auto child = stage.shell("echo up; read line");
    REQUIRE(stage.run_to_output("up"));
    CHECK(child->resident_bytes() > 100'000);
    CHECK(child->resident_bytes() < 100'000'000);
    child->close_input();
    REQUIRE(stage.run_to_end());
    CHECK(child->resident_bytes() == 0);
}

TEST_CASE("200 children leave no zombie and no descriptor", "[claude_code][child]") {
    const std::size_t before = open_descriptors();
    {
        ChildStage stage;
        const std::size_t with_stage = open_descriptors();
        for (int i = 0; i < 200; ++i) {
            stage.listener.end.reset();
            auto child = i % 2 == 0 ? stage.shell("exit 0") : stage.shell("sleep 60");
            REQUIRE(child);
            if (i % 2 == 0) REQUIRE(stage.run_to_end());
        }
        CHECK(stage.host.loop().run_until([&] { return stage.reaper.size() == 0; }));
        CHECK(open_descriptors() == with_stage);
        CHECK(stage.host.loop().watch_count() == 0);
        CHECK(stage.host.breaches().text() == "");
    }
    CHECK(open_descriptors() == before);
    CHECK(waitpid(-1, nullptr, WNOHANG) == -1);
    CHECK(errno == ECHILD);
}
