#include "process/launcher.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <catch2/catch.hpp>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>

#include "child_stage.hpp"

using namespace sluice::claude_code;
using sluice::claude_code::testing::ChildStage;

namespace {

// The state letter of a process; 'X' once it is gone.
char state_of(long id) {
    std::ifstream file("/proc/" + std::to_string(id) + "/stat");
    std::string text;
    std::getline(file, text);
    const std::size_t name_end = text.rfind(')');
    return name_end == std::string::npos ? 'X' : text[name_end + 2];
}

std::string name_of(long id) {
    std::ifstream file("/proc/" + std::to_string(id) + "/comm");
    std::string name;
    std::getline(file, name);
    return name;
}

}  // namespace

TEST_CASE("a program dies with the process that started it", "[claude_code][launcher]") {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const pid_t parent = fork();
    if (parent == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execl(SHORT_LIVED_PARENT, SHORT_LIVED_PARENT, nullptr);
        _exit(1);
    }
    close(ends[1]);
    std::FILE* const said = fdopen(ends[0], "r");
    long child = 0;
    REQUIRE(std::fscanf(said, "%ld", &child) == 1);
    std::fclose(said);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    // Before that the launcher would notice by itself.
    while (name_of(child) != "sleep" && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    REQUIRE(name_of(child) == "sleep");
    kill(parent, SIGKILL);
    waitpid(parent, nullptr, 0);
    const auto is_gone = [child] { return state_of(child) == 'X' || state_of(child) == 'Z'; };
    while (!is_gone() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    CHECK(is_gone());
    if (!is_gone()) kill(static_cast<pid_t>(child), SIGKILL);
}

TEST_CASE("a program inherits its three standard descriptors only", "[claude_code][launcher]") {
    ChildStage stage;
    int leaky[2];
    REQUIRE(pipe(leaky) == 0);  // without close-on-exec
    // ls has one more, for the folder it reads.
    auto child = stage.start({"/bin/ls", {"ls", "/proc/self/fd"}, {}, "/"});
    REQUIRE(stage.run_to_end());
    CHECK(stage.listener.output == "0\n1\n2\n3\n");
    close(leaky[0]);
    close(leaky[1]);
}

TEST_CASE("a program has an empty signal mask, default dispositions and a session of its own",
          "[claude_code][launcher]") {
    ChildStage stage;
    sigset_t blocked;
    sigset_t before;
    sigfillset(&blocked);
    pthread_sigmask(SIG_BLOCK, &blocked, &before);
    const auto pipe_before = signal(SIGPIPE, SIG_IGN);
    const auto usr1_before = signal(SIGUSR1, SIG_IGN);
    auto child =
        stage.start({"/bin/cat", {"cat", "/proc/self/status", "/proc/self/limits", "/proc/self/stat"}, {}, "/"});
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    signal(SIGPIPE, pipe_before);
    signal(SIGUSR1, usr1_before);
    REQUIRE(stage.run_to_end());
    const std::string& status = stage.listener.output;
    CHECK(status.find("SigBlk:\t0000000000000000") != std::string::npos);
    CHECK(status.find("SigIgn:\t0000000000000000") != std::string::npos);
    CHECK(status.find("NoNewPrivs:\t1") != std::string::npos);
    CHECK(status.find("Max core file size        0                    0") != std::string::npos);
    long id = 0, parent = 0, group = 0, session = 0;
    REQUIRE(std::sscanf(status.c_str() + status.find(" (cat) "), " (cat) R %ld %ld %ld", &parent, &group, &session) ==
            3);
    REQUIRE(std::sscanf(status.c_str() + status.find("\nPid:\t"), "\nPid:\t%ld", &id) == 1);
    CHECK(group == id);
    CHECK(session == id);
}

TEST_CASE("a program sees exactly the environment it is given, in the working folder", "[claude_code][launcher]") {
    ChildStage stage;
    auto child = stage.start({"/usr/bin/env", {"env"}, {"A=1", "B=two words"}, "/"});
    REQUIRE(stage.run_to_end());
    CHECK(stage.listener.output == "A=1\nB=two words\n");
    stage.listener = {};
    child = stage.start({"/bin/pwd", {"pwd"}, {}, "/usr"});
    REQUIRE(stage.run_to_end());
    CHECK(stage.listener.output == "/usr\n");
}

TEST_CASE("that the program is missing is told apart from its exit", "[claude_code][launcher]") {
    ChildStage stage;
    SECTION("missing") {
        auto child = stage.start({"/no/such/program", {"program"}, {}, "/"});
        REQUIRE(stage.run_to_end());
        const auto failure = Launcher::failure_of(stage.listener.end->exit_code, stage.listener.end->error_output);
        REQUIRE(failure);
        CHECK(failure->step == "program");
        CHECK(failure->error == ENOENT);
    }
    SECTION("the same exit code") {
        auto child = stage.shell("echo not found >&2; exit 127");
        REQUIRE(stage.run_to_end());
        CHECK(stage.listener.end->exit_code == 127);
        CHECK_FALSE(Launcher::failure_of(127, stage.listener.end->error_output));
    }
    SECTION("no working folder") {
        CHECK(stage.start({"/bin/cat", {"cat"}, {}, "/no/such/folder"}) == nullptr);
        CHECK(stage.problem == "no process in the working folder: No such file or directory");
    }
}
