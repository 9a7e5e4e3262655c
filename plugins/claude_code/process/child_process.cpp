#include "process/child_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

// glibc 2.36 forgot to say so itself.
extern "C" {
#include <sys/pidfd.h>
}

namespace sluice::claude_code {
namespace {

constexpr std::size_t kMostPerRead = 64u << 10;
constexpr std::size_t kMostPerErrorRead = 16u << 10;
// A pipe holds 64 KiB unless somebody enlarges it. More than this is written by a process that the program has left
// behind and that has its output: the end of the program does not wait for it.
constexpr int kMostReadsAfterExit = 64;

// dup2() onto 0, 1 and 2 in the child must not meet one of its own sources.
Descriptor above_standard(int number) {
    Descriptor made(number);
    return number >= 0 && number <= STDERR_FILENO ? Descriptor(fcntl(number, F_DUPFD_CLOEXEC, STDERR_FILENO + 1))
                                                  : std::move(made);
}

void set_nonblocking(const Descriptor& descriptor) {
    fcntl(descriptor.number(), F_SETFL, fcntl(descriptor.number(), F_GETFL) | O_NONBLOCK);
}

bool reap(const Descriptor& pidfd, ChildEnd& end) {
    siginfo_t info{};
    const int result = waitid(P_PIDFD, static_cast<id_t>(pidfd.number()), &info, WEXITED | WNOHANG);
    if (result == 0 && info.si_pid == 0) return false;
    if (result != 0 && errno == EINTR) return false;
    // Where SIGCHLD is ignored there is nothing to wait for, and nothing to learn.
    const bool is_known = result == 0;
    const bool is_exit = is_known && info.si_code == CLD_EXITED;
    end.exit_code = is_exit ? info.si_status : -1;
    end.signal = is_known && !is_exit ? info.si_status : 0;
    return true;
}

std::string text_of(const char* what, int error) { return std::string(what) + ": " + std::strerror(error); }

}  // namespace

// Both ends of what connects us with the child. Its input is a socket: unlike a pipe it can be written to without
// SIGPIPE, whose disposition is the host's business.
struct ChildProcess::Pipes {
    Descriptor input, output, error;
    Descriptor child_input, child_output, child_error;

    bool open() {
        int sockets[2] = {-1, -1};
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) return false;
        input = above_standard(sockets[0]);
        child_input = above_standard(sockets[1]);
        if (!open_pipe(output, child_output) || !open_pipe(error, child_error) || !input || !child_input) return false;
        set_nonblocking(input);
        set_nonblocking(output);
        set_nonblocking(error);
        return true;
    }

private:
    static bool open_pipe(Descriptor& read_end, Descriptor& write_end) {
        int ends[2] = {-1, -1};
        if (pipe2(ends, O_CLOEXEC) != 0) return false;
        read_end = above_standard(ends[0]);
        write_end = above_standard(ends[1]);
        return read_end && write_end;
    }
};

std::unique_ptr<ChildProcess> ChildProcess::start(const ChildSupport& support, const ProgramCall& call,
                                                  std::size_t max_error_bytes, ChildUser& user, std::string& problem) {
    Pipes pipes;
    if (!pipes.open()) {
        problem = text_of("no pipes", errno);
        return nullptr;
    }
    const StandardDescriptors standard{pipes.child_input.number(), pipes.child_output.number(),
                                       pipes.child_error.number()};
    const pid_t id = support.launcher.spawn(call, standard);
    if (id < 0) {
        problem = text_of("no process in the working folder", -id);
        return nullptr;
    }
    // Not waited for by anybody else, so the id is still this process's, even if it has exited.
    Descriptor pidfd(pidfd_open(id, PIDFD_NONBLOCK));
    if (!pidfd) {
        problem = text_of("no descriptor for the process", errno);
        kill(id, SIGKILL);
        waitpid(id, nullptr, 0);
        return nullptr;
    }
    std::unique_ptr<ChildProcess> made(new ChildProcess(support, user, max_error_bytes, id, std::move(pidfd), pipes));
    if (made->watch_all()) return made;
    problem = "the process cannot be watched";
    return nullptr;
}

ChildProcess::ChildProcess(const ChildSupport& support, ChildUser& user, std::size_t max_error_bytes, pid_t id,
                           Descriptor pidfd, Pipes& pipes)
    : support_(support),
      user_(user),
      id_(id),
      pidfd_(std::move(pidfd)),
      input_(std::move(pipes.input)),
      output_(std::move(pipes.output)),
      error_(std::move(pipes.error)),
      error_tail_(max_error_bytes) {}

ChildProcess::~ChildProcess() {
    if (has_exited_) return;
    send_signal(SIGKILL);
    exit_watch_.reset();
    support_.reaper.adopt(std::move(pidfd_));
}

bool ChildProcess::watch_all() noexcept {
    exit_watch_ = support_.home.watch<&ChildProcess::on_exit_ready>(pidfd_.number(), SLUICE_READABLE, this);
    output_watch_ = support_.home.watch<&ChildProcess::on_output_ready>(output_.number(), SLUICE_READABLE, this);
    error_watch_ = support_.home.watch<&ChildProcess::on_error_ready>(error_.number(), SLUICE_READABLE, this);
    return exit_watch_ && output_watch_ && error_watch_;
}

void ChildProcess::write(std::string record) {
    if (!input_ || is_input_closing_) return;
    input_queue_.push(std::move(record));
    // A watch waits for the socket already: what is new goes out with the rest.
    if (!input_watch_) write_queued();
}

void ChildProcess::close_input() noexcept {
    is_input_closing_ = true;
    if (input_ && input_queue_.empty()) {
        input_watch_.reset();
        input_.reset();
    }
}

// Watched only while something is left to write: a socket whose other side is gone would wake the loop for ever.
void ChildProcess::write_queued() noexcept {
    const InputQueue::Outcome outcome = input_queue_.write_to(input_.number());
    if (outcome == InputQueue::Outcome::kWaiting) {
        if (!input_watch_) {
            input_watch_ = support_.home.watch<&ChildProcess::on_input_ready>(input_.number(), SLUICE_WRITABLE, this);
        }
        // One that cannot be told anything any more is of no use.
        if (!input_watch_) send_signal(SIGKILL);
        return;
    }
    input_watch_.reset();
    if (outcome == InputQueue::Outcome::kClosed || is_input_closing_) input_.reset();
}

void ChildProcess::on_input_ready(std::uint32_t) noexcept { write_queued(); }

void ChildProcess::pause_output() noexcept {
    is_paused_ = true;
    // Ended rather than set to nothing: the end of the output is told in any case, and again and again.
    output_watch_.reset();
}

void ChildProcess::resume_output() noexcept {
    if (!std::exchange(is_paused_, false)) return;
    if (has_exited_) return end_when_read();
    if (!output_) return;
    output_watch_ = support_.home.watch<&ChildProcess::on_output_ready>(output_.number(), SLUICE_READABLE, this);
    if (!output_watch_) send_signal(SIGKILL);
}

void ChildProcess::on_output_ready(std::uint32_t) noexcept { read_output(); }

void ChildProcess::on_error_ready(std::uint32_t) noexcept { read_error(); }

// One read: with many processes none of them holds the loop.
ChildProcess::Reading ChildProcess::read_output() noexcept {
    const std::span<char> room = user_.output_room();
    const ssize_t count = ::read(output_.number(), room.data(), std::min(room.size(), kMostPerRead));
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return Reading::kNothingNow;
    if (count <= 0) {
        output_watch_.reset();
        output_.reset();
        return Reading::kEnd;
    }
    const std::weak_ptr<const bool> life = life_;
    user_.on_output(static_cast<std::size_t>(count));
    return life.expired() ? Reading::kGone : Reading::kSome;
}

ChildProcess::Reading ChildProcess::read_error() noexcept {
    std::array<char, kMostPerErrorRead> bytes;
    const ssize_t count = ::read(error_.number(), bytes.data(), bytes.size());
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return Reading::kNothingNow;
    if (count <= 0) {
        error_watch_.reset();
        error_.reset();
        return Reading::kEnd;
    }
    error_tail_.append({bytes.data(), static_cast<std::size_t>(count)});
    return Reading::kSome;
}

void ChildProcess::on_exit_ready(std::uint32_t) noexcept {
    if (!reap(pidfd_, end_)) return;
    has_exited_ = true;
    exit_watch_.reset();
    input_watch_.reset();
    input_.reset();
    end_when_read();
}

// What it wrote before it ended is in the pipes now.
void ChildProcess::end_when_read() noexcept {
    for (int reads = 0; output_ && !is_paused_ && reads < kMostReadsAfterExit; ++reads) {
        const Reading reading = read_output();
        if (reading == Reading::kGone) return;
        if (reading == Reading::kNothingNow) break;
    }
    if (is_paused_ || std::exchange(has_ended_, true)) return;
    for (int reads = 0; error_ && reads < kMostReadsAfterExit && read_error() == Reading::kSome; ++reads) {
    }
    output_watch_.reset();
    error_watch_.reset();
    end_.error_output = error_tail_.take();
    const ChildEnd end = std::move(end_);
    user_.on_end(end);
}

void ChildProcess::send_signal(int signal) noexcept {
    // Not once it was waited for.
    if (!has_exited_) pidfd_send_signal(pidfd_.number(), signal, nullptr, 0);
}

std::uint64_t ChildProcess::resident_bytes() const noexcept {
    if (has_exited_) return 0;
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "/proc/%ld/statm", static_cast<long>(id_));
    const Descriptor file(::open(text.data(), O_RDONLY | O_CLOEXEC));
    const ssize_t count = ::read(file.number(), text.data(), text.size() - 1);
    if (count <= 0) return 0;
    text[static_cast<std::size_t>(count)] = '\0';
    unsigned long pages = 0;
    if (std::sscanf(text.data(), "%*u %lu", &pages) != 1) return 0;
    return std::uint64_t{pages} * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace sluice::claude_code
