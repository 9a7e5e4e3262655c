#include "isolation/child_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {
#include <sys/pidfd.h>  // glibc 2.36 does not say it itself
}

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "isolation/process_descriptors.hpp"

namespace sluice::isolation {

namespace {

using plugin::FileDescriptor;

std::string error_text(std::string_view what, int error) {
    return fmt::format("{}: {}", what, std::generic_category().message(error));
}

/// Two connected sockets; the second one, the child's, has a number that no descriptor of the child gets.
Result<std::pair<FileDescriptor, FileDescriptor>> make_pair(int type, int lowest) {
    int ends[2];
    if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
        return Unexpected(error_text("socketpair", errno));
    }
    FileDescriptor ours(ends[0]);
    const FileDescriptor low(ends[1]);
    FileDescriptor theirs(::fcntl(low.get(), F_DUPFD_CLOEXEC, lowest));
    if (!theirs.is_open()) return Unexpected(error_text("fcntl(F_DUPFD_CLOEXEC)", errno));
    return std::pair(std::move(ours), std::move(theirs));
}

/// What posix_spawn is told; freed at the end of the scope.
struct SpawnPlan {
    SpawnPlan() {
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawnattr_init(&attributes);
    }
    ~SpawnPlan() {
        ::posix_spawn_file_actions_destroy(&actions);
        ::posix_spawnattr_destroy(&attributes);
    }
    SpawnPlan(const SpawnPlan&) = delete;
    SpawnPlan& operator=(const SpawnPlan&) = delete;

    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
};

void fill(SpawnPlan& plan, const std::vector<FileDescriptor>& theirs) {
    // A session of its own: what the terminal sends to the gateway is not for its plugins.
    ::posix_spawnattr_setflags(&plan.attributes, POSIX_SPAWN_SETSID);
    ::posix_spawn_file_actions_addopen(&plan.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    // Standard output carries the gateway's log.
    ::posix_spawn_file_actions_adddup2(&plan.actions, STDERR_FILENO, STDOUT_FILENO);
    int number = kControlDescriptor;
    for (const FileDescriptor& each : theirs) {
        ::posix_spawn_file_actions_adddup2(&plan.actions, each.get(), number++);
    }
    ::posix_spawn_file_actions_addclosefrom_np(&plan.actions, number);
}

Result<pid_t> start(const std::string& name, const std::vector<FileDescriptor>& theirs, std::size_t call_channels) {
    SpawnPlan plan;
    fill(plan, theirs);
    std::array<std::string, 5> words{"sluice", std::string(kPluginProcessOption), std::to_string(call_channels),
                                     std::to_string(::getpid()), name};
    std::array<char*, 6> arguments{};
    for (std::size_t i = 0; i < words.size(); ++i) arguments[i] = words[i].data();
    pid_t pid = 0;
    const int error = ::posix_spawn(&pid, "/proc/self/exe", &plan.actions, &plan.attributes, arguments.data(), environ);
    if (error != 0) return Unexpected(error_text("posix_spawn of /proc/self/exe", error));
    return pid;
}

}  // namespace

Result<ChildProcess> ChildProcess::spawn(const std::string& name, std::size_t call_channels) {
    const int lowest = kFirstCallDescriptor + static_cast<int>(call_channels);
    ChildProcess child;
    std::vector<FileDescriptor> theirs;
    for (std::size_t i = 0; i < call_channels + 2; ++i) {
        auto made = make_pair(i == 1 ? SOCK_SEQPACKET : SOCK_STREAM, lowest);
        if (!made) return Unexpected(made.error());
        auto& [our, their] = *made;
        theirs.push_back(std::move(their));
        if (i == 0) {
            child.sockets_.control = std::move(our);
        } else if (i == 1) {
            child.sockets_.log = std::move(our);
        } else {
            child.sockets_.calls.push_back(std::move(our));
        }
    }
    const auto pid = start(name, theirs, call_channels);
    if (!pid) return Unexpected(pid.error());
    child.pid_ = *pid;
    child.pidfd_ = FileDescriptor(::pidfd_open(*pid, 0));
    if (!child.pidfd_.is_open()) return Unexpected(error_text("pidfd_open", errno));
    return child;
}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
    if (this == &other) return *this;
    end();
    pid_ = std::exchange(other.pid_, 0);
    pidfd_ = std::move(other.pidfd_);
    is_reaped_ = other.is_reaped_;
    sockets_ = std::move(other.sockets_);
    return *this;
}

ChildProcess::~ChildProcess() { end(); }

void ChildProcess::end() noexcept {
    if (!pidfd_.is_open() || is_reaped_) return;
    kill();
    siginfo_t outcome{};
    ::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &outcome, WEXITED);
    is_reaped_ = true;
}

void ChildProcess::kill() noexcept {
    if (pidfd_.is_open() && !is_reaped_) ::kill(pid_, SIGKILL);
}

std::optional<std::string> ChildProcess::take_outcome() {
    siginfo_t outcome{};
    if (is_reaped_ || ::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &outcome, WEXITED | WNOHANG) != 0 ||
        outcome.si_pid == 0) {
        return std::nullopt;
    }
    is_reaped_ = true;
    if (outcome.si_code == CLD_EXITED) return fmt::format("exit code {}", outcome.si_status);
    const char* const abbreviation = ::sigabbrev_np(outcome.si_status);
    return fmt::format("signal {} (SIG{})", outcome.si_status, abbreviation ? abbreviation : "?");
}

}  // namespace sluice::isolation
