// A program that runs as a child of this process, with its three standard descriptors in our hands.
#pragma once

#include <sys/types.h>
#include <sluice/cpp/loop.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "process/byte_tail.hpp"
#include "process/descriptor.hpp"
#include "process/input_queue.hpp"
#include "process/launcher.hpp"
#include "process/process_reaper.hpp"

namespace sluice::claude_code {

struct ChildEnd {
    int exit_code = 0;  // -1: ended by `signal`, or, if that is 0, nobody knows how
    int signal = 0;
    std::string error_output;  // its end
};

// Told on the loop, never inside a function that the user calls but for resume_output(). Inside each of them the child
// may be destroyed.
class ChildUser {
public:
    // Room for output, one byte at least; the call after it is on_output().
    virtual std::span<char> output_room() = 0;
    // The first `count` bytes of the room were filled.
    virtual void on_output(std::size_t count) noexcept = 0;
    // It has ended and all of its output was told. The last call.
    virtual void on_end(const ChildEnd& end) noexcept = 0;

protected:
    ~ChildUser() = default;
};

// What is there to watch over children with, for the life of an instance.
struct ChildSupport {
    Loop home;
    const Launcher& launcher;
    ProcessReaper& reaper;
};

// Everything is [home-loop]. Destroying one that still runs kills it (SIGKILL) and waits for nothing.
class ChildProcess {
public:
    // Null if there is no process; `problem` then says why. That the program cannot be executed is told as its end: see
    // Launcher::failure_of().
    static std::unique_ptr<ChildProcess> start(const ChildSupport& support, const ProgramCall& call,
                                               std::size_t max_error_bytes, ChildUser& user, std::string& problem);
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;
    ~ChildProcess();

    // Queued, and written as the program takes it. Dropped once its input was closed by either side.
    void write(std::string record);
    // Forgets what was queued and not begun.
    void drop_unbegun_input() { input_queue_.drop_unbegun(); }
    // Ends its input after what is queued.
    void close_input() noexcept;

    // Reads no output for now; that it has ended is told later, too.
    void pause_output() noexcept;
    // Reads on. May call the user inside.
    void resume_output() noexcept;

    void send_signal(int signal) noexcept;
    pid_t id() const noexcept { return id_; }
    // True once it is gone, though what it has written may not be read yet.
    bool has_exited() const noexcept { return has_exited_; }
    // Resident memory in bytes; 0: not known.
    std::uint64_t resident_bytes() const noexcept;

private:
    enum class Reading { kSome, kNothingNow, kEnd, kGone };
    struct Pipes;

    ChildProcess(const ChildSupport& support, ChildUser& user, std::size_t max_error_bytes, pid_t id, Descriptor pidfd,
                 Pipes& pipes);
    bool watch_all() noexcept;
    void on_input_ready(std::uint32_t readiness) noexcept;
    void on_output_ready(std::uint32_t readiness) noexcept;
    void on_error_ready(std::uint32_t readiness) noexcept;
    void on_exit_ready(std::uint32_t readiness) noexcept;
    void write_queued() noexcept;
    Reading read_output() noexcept;
    Reading read_error() noexcept;
    void end_when_read() noexcept;

    const ChildSupport support_;
    ChildUser& user_;
    const pid_t id_;
    Descriptor pidfd_;
    Descriptor input_;
    Descriptor output_;
    Descriptor error_;
    InputQueue input_queue_;
    ByteTail error_tail_;
    ChildEnd end_;
    bool has_exited_ = false;
    bool has_ended_ = false;
    bool is_paused_ = false;
    bool is_input_closing_ = false;
    const std::shared_ptr<const bool> life_ = std::make_shared<const bool>(true);
    // Last, so that they end before what they watch is closed.
    Watch exit_watch_;
    Watch input_watch_;
    Watch output_watch_;
    Watch error_watch_;
};

}  // namespace sluice::claude_code
