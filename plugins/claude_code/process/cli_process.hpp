// One running process of the program, as pool and turn see it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "process/cli_record.hpp"
#include "process/stdin_records.hpp"

namespace sluice::claude_code {

// What a process is started for.
struct ProcessOrder {
    std::string model;        // as the program names it
    std::string session_id;   // UUID, lower case
    bool is_resumed = false;  // the session is there already
};

// How a process ended.
struct ProcessEnd {
    enum class Cause {
        kExited,       // by itself, or because stop() was called
        kNotStarted,   // `detail` says why: the program is missing, no descriptors, ...
        kOutputLimit,  // a turn, or one line, said more than is allowed; it was stopped for that
        kGarbage,      // it said what is no record; it was stopped for that
    };
    Cause cause = Cause::kExited;
    int exit_code = 0;  // -1: ended by `signal`
    int signal = 0;
    std::string error_output;  // the end of what it wrote to stderr; not for clients
    std::string detail;
};

// Told on the home loop while attached; never inside a function of CliProcess that the user calls.
class ProcessUser {
public:
    virtual void on_record(const CliRecord& record) noexcept = 0;
    // The process is gone. It is told once; the process may be destroyed inside.
    virtual void on_end(const ProcessEnd& end) noexcept = 0;

protected:
    ~ProcessUser() = default;
};

// What a turn leaves with its process when it waits for results of tools; it goes when the process does.
struct ProcessMemo {
    virtual ~ProcessMemo() = default;
};

// Everything is [home-loop]. Destroying a process that still runs kills it (SIGKILL) and waits for nothing.
class CliProcess {
public:
    virtual ~CliProcess() = default;

    virtual const ProcessOrder& order() const noexcept = 0;
    // The user hears what happens from now on; null: nobody does. What was not heard of is not told later, but for the
    // end, which a user that is attached after it hears at once, in the loop's next round.
    virtual void attach(ProcessUser* user) noexcept = 0;

    // A record of stdin_records.hpp; queued, and written as the process takes it.
    virtual void write(std::string record) = 0;
    // Stops reading its output (a slow client), and goes on. Another user and stop() end a pause, too; until then its
    // end is not told either.
    virtual void pause() noexcept = 0;
    virtual void resume() noexcept = 0;
    // A turn begins: what it may say at most is counted anew.
    virtual void begin_turn() noexcept = 0;
    // How many turns have begun.
    virtual std::size_t turns() const noexcept = 0;

    // Ends it: interrupt at once if a turn runs, end of its input, SIGTERM after 1 s, SIGKILL 5 s later. Without a
    // turn: end of its input and SIGTERM at once. Only the first call counts, but a later one with `is_urgent` sends
    // SIGKILL.
    virtual void stop(bool has_turn, bool is_urgent = false) noexcept = 0;
    virtual bool is_stopping() const noexcept = 0;
    virtual bool has_ended() const noexcept = 0;

    // Resident memory in bytes, read now from /proc; 0: not known.
    virtual std::uint64_t resident_bytes() const noexcept = 0;

    // A record of it has been read: it has come up. Set by the process.
    bool has_spoken = false;

    // What the process was told, kept here by the turns: it is not told twice.
    Setup setup;
    bool is_set_up = false;  // setup was written, or a turn has begun without one
    TurnSettings settings;
    std::unique_ptr<ProcessMemo> memo;
};

// Starts processes. A process that cannot be started says so through on_end().
using ProcessStarter = std::function<std::unique_ptr<CliProcess>(const ProcessOrder&)>;

}  // namespace sluice::claude_code
