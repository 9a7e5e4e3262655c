#include "plugin/trial_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "plugin/file_descriptor.hpp"

// glibc 2.36 forgot to say so itself.
extern "C" {
#include <sys/pidfd.h>
}

namespace sluice::plugin {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxReportBytes = 4 << 20;
constexpr std::size_t kMaxKeptWords = 16 << 10;
constexpr std::size_t kMaxShownWords = 300;
constexpr std::size_t kPieceBytes = 64 << 10;
/// dup2() onto the first descriptors in the child must not meet one of its own sources.
constexpr int kAboveTargets = 10;

FileDescriptor above_targets(int number) {
    FileDescriptor low(number);
    return FileDescriptor(low.is_open() ? fcntl(number, F_DUPFD_CLOEXEC, kAboveTargets) : -1);
}

/// Both ends of what connects us with the child. Its input is a socket: unlike a pipe it can be written to without
/// SIGPIPE, whose disposition is somebody else's business.
struct Lines {
    FileDescriptor request, report, words;
    FileDescriptor child_request, child_report, child_words;

    bool open() {
        int sockets[2] = {-1, -1};
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) return false;
        request = above_targets(sockets[0]);
        child_request = above_targets(sockets[1]);
        if (!open_pipe(report, child_report) || !open_pipe(words, child_words)) return false;
        for (const FileDescriptor* ours : {&request, &report, &words}) {
            if (!ours->is_open()) return false;
            fcntl(ours->get(), F_SETFL, fcntl(ours->get(), F_GETFL) | O_NONBLOCK);
        }
        return child_request.is_open();
    }

    void close_childs_ends() {
        child_request.reset();
        child_report.reset();
        child_words.reset();
    }

private:
    static bool open_pipe(FileDescriptor& read_end, FileDescriptor& write_end) {
        int ends[2] = {-1, -1};
        if (pipe2(ends, O_CLOEXEC) != 0) return false;
        read_end = above_targets(ends[0]);
        write_end = above_targets(ends[1]);
        return read_end.is_open() && write_end.is_open();
    }
};

/// What posix_spawn() is told; released at the end of the scope.
class SpawnPlan {
public:
    explicit SpawnPlan(const Lines& lines) {
        posix_spawn_file_actions_init(&actions_);
        posix_spawn_file_actions_adddup2(&actions_, lines.child_request.get(), STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&actions_, lines.child_words.get(), STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions_, lines.child_words.get(), STDERR_FILENO);
        posix_spawn_file_actions_adddup2(&actions_, lines.child_report.get(), kTrialReportDescriptor);
        posix_spawn_file_actions_addclosefrom_np(&actions_, kTrialReportDescriptor + 1);
        posix_spawnattr_init(&attributes_);
        posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
        sigset_t none;
        sigemptyset(&none);
        posix_spawnattr_setsigmask(&attributes_, &none);
        sigset_t all;
        sigfillset(&all);
        posix_spawnattr_setsigdefault(&attributes_, &all);
        posix_spawnattr_setpgroup(&attributes_, 0);  // one of its own, which can be killed as a whole
    }
    ~SpawnPlan() {
        posix_spawn_file_actions_destroy(&actions_);
        posix_spawnattr_destroy(&attributes_);
    }
    SpawnPlan(const SpawnPlan&) = delete;
    SpawnPlan& operator=(const SpawnPlan&) = delete;

    int start(const std::string& program, std::string mode, pid_t& child) const {
        std::string name = "sluice";
        char* arguments[] = {name.data(), mode.data(), nullptr};
        return posix_spawn(&child, program.c_str(), &actions_, &attributes_, arguments, environ);
    }

private:
    posix_spawn_file_actions_t actions_;
    posix_spawnattr_t attributes_;
};

/// A child from its start to its end.
class RunningTrial {
public:
    /// Nothing on success, else the reason.
    std::optional<std::string> start(const std::string& mode, const TrialLimits& limits) {
        if (!lines_.open()) return fmt::format("cannot be connected: {}", strerror(errno));
        if (int error = SpawnPlan(lines_).start(limits.program, mode, child_)) {
            return fmt::format("{} cannot be started: {}", limits.program.string(), strerror(error));
        }
        lines_.close_childs_ends();
        pidfd_ = FileDescriptor(pidfd_open(child_, 0));
        if (pidfd_.is_open()) return std::nullopt;
        std::string reason = fmt::format("cannot be watched: {}", strerror(errno));
        end();
        return reason;
    }

    enum class Waited { kEnded, kTimeout, kStopped };

    /// Passes data to and fro until the child has ended, the deadline has passed, or `stop` is readable.
    Waited wait(std::string_view request, Clock::time_point deadline, int stop) {
        for (;;) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
            std::array<pollfd, 5> waiting{pollfd{pidfd_.get(), POLLIN, 0}, pollfd{lines_.report.get(), POLLIN, 0},
                                          pollfd{lines_.words.get(), POLLIN, 0},
                                          pollfd{lines_.request.get(), POLLOUT, 0}, pollfd{stop, POLLIN, 0}};
            const int ready = poll(waiting.data(), waiting.size(), static_cast<int>(std::max<long>(left, 0)));
            if (ready == 0 && left <= 0) return Waited::kTimeout;
            if (ready < 0) continue;
            if (waiting[4].revents != 0) return Waited::kStopped;
            if (waiting[3].revents != 0) send_some(request);
            take(lines_.report, report, kMaxReportBytes);
            take(lines_.words, words, kMaxKeptWords);
            if (waiting[0].revents != 0) return Waited::kEnded;
        }
    }

    /// Kills what is left of it, and takes what it had written before. Its status as of waitpid().
    int end() {
        kill(-child_, SIGKILL);
        kill(child_, SIGKILL);  // it may have left its group
        int status = 0;
        while (waitpid(child_, &status, 0) < 0 && errno == EINTR) {
        }
        take(lines_.report, report, kMaxReportBytes);
        take(lines_.words, words, kMaxKeptWords);
        return status;
    }

    std::string report;
    std::string words;

private:
    void send_some(std::string_view request) {
        const std::string_view rest = request.substr(sent_);
        const ssize_t count = rest.empty() ? 0 : send(lines_.request.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
        sent_ += count > 0 ? static_cast<std::size_t>(count) : 0;
        // All of it, or a child that takes no more.
        if (count < 0 || sent_ == request.size()) lines_.request.reset();
    }

    /// Keeps the last `max` bytes; a process that writes without end gains nothing by it.
    static void take(FileDescriptor& from, std::string& into, std::size_t max) {
        std::array<char, kPieceBytes> piece;
        const ssize_t count = from.is_open() ? read(from.get(), piece.data(), piece.size()) : -1;
        if (count == 0) from.reset();
        if (count <= 0) return;
        into.append(piece.data(), static_cast<std::size_t>(count));
        if (into.size() > max) into.erase(0, into.size() - max);
    }

    Lines lines_;
    FileDescriptor pidfd_;
    pid_t child_ = -1;
    std::size_t sent_ = 0;
};

/// The last line that says something.
std::string last_line(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\n";
    const std::size_t end = text.find_last_not_of(kBlank);
    if (end == std::string_view::npos) return "";
    text = text.substr(0, end + 1);
    text.remove_prefix(std::min(text.find_last_of('\n') + 1, text.size()));
    text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
    std::string line(text.substr(0, kMaxShownWords));
    std::replace_if(
        line.begin(), line.end(), [](char byte) { return byte >= 0 && (byte < ' ' || byte == 0x7F); }, '?');
    return line;
}

std::string signal_text(int signal) {
    const char* name = sigabbrev_np(signal);
    const char* description = sigdescr_np(signal);
    if (name == nullptr || description == nullptr) return fmt::format("signal {}", signal);
    std::string words = description;
    std::transform(words.begin(), words.end(), words.begin(),
                   [](char byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + ('a' - 'A')) : byte; });
    return fmt::format("SIG{} ({})", name, words);
}

void set_limit(int resource, rlim_t most) {
    rlimit limit{};
    if (getrlimit(static_cast<__rlimit_resource_t>(resource), &limit) != 0) return;
    limit.rlim_cur = std::min(limit.rlim_max, most);
    limit.rlim_max = limit.rlim_cur;
    setrlimit(static_cast<__rlimit_resource_t>(resource), &limit);
}

}  // namespace

std::string TrialOutcome::end_text(const TrialLimits& limits) const {
    if (const auto* exit = std::get_if<TrialExit>(&end)) return fmt::format("exited with {}", exit->code);
    if (const auto* death = std::get_if<TrialDeath>(&end)) return "died of " + signal_text(death->signal);
    if (std::holds_alternative<TrialTimeout>(end)) {
        return fmt::format("did not end within {} ms", limits.timeout.count());
    }
    if (std::holds_alternative<TrialStopped>(end)) return "was ended: nobody waits for it any more";
    return std::get<TrialNotStarted>(end).reason;
}

TrialOutcome run_trial(const std::string& mode, const std::string& request, const TrialLimits& limits) {
    const Clock::time_point deadline = Clock::now() + limits.timeout;
    RunningTrial trial;
    if (auto reason = trial.start(mode, limits)) return {TrialNotStarted{std::move(*reason)}, "", ""};
    const RunningTrial::Waited waited = trial.wait(request, deadline, limits.stop_descriptor);
    const bool is_in_time = waited == RunningTrial::Waited::kEnded;
    const int status = trial.end();
    TrialOutcome outcome{TrialTimeout{}, std::move(trial.report), last_line(trial.words)};
    if (waited == RunningTrial::Waited::kStopped) outcome.end = TrialStopped{};
    if (is_in_time && WIFSIGNALED(status)) outcome.end = TrialDeath{WTERMSIG(status)};
    if (is_in_time && WIFEXITED(status)) outcome.end = TrialExit{WEXITSTATUS(status)};
    return outcome;
}

void enter_trial(int parent, const TrialLimits& limits) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    // It may have gone before that.
    if (getppid() != parent) _exit(1);
    set_limit(RLIMIT_CORE, 0);
    // The clock on the wall belongs to the parent; this is for when nobody watches. Threads count together.
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(limits.timeout).count();
    set_limit(RLIMIT_CPU, static_cast<rlim_t>(seconds) * 4 + 1);
    set_limit(RLIMIT_FSIZE, limits.max_file_bytes);
    set_limit(RLIMIT_NOFILE, limits.max_descriptors);
    // What the plugin starts does not write reports.
    fcntl(kTrialReportDescriptor, F_SETFD, FD_CLOEXEC);
}

}  // namespace sluice::plugin
