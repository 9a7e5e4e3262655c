// Which processes there are: warm ones, those of sessions, and who waits for one.
#pragma once

#include <sluice/cpp/clock.hpp>
#include <sluice/cpp/error.hpp>
#include <sluice/cpp/log.hpp>
#include <sluice/cpp/loop.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "process/cli_process.hpp"

namespace sluice::claude_code {

struct PoolLimits {
    std::map<std::string, std::size_t> warm;  // by the program's name of the model
    std::size_t max_processes;                // all of them: running, idle, warm, starting, stopping
    std::uint64_t max_process_memory_bytes;   // 0: no limit
    std::uint64_t max_memory_bytes;           // 0: no limit
    std::size_t max_turns_per_process;
    std::chrono::milliseconds process_idle;   // of parked ones, too. 0: none is kept idle
    std::chrono::milliseconds queue_timeout;  // 0: nobody waits, and no other session's process goes to make room
};

struct PoolFigures {
    std::size_t active = 0;  // turns that run
    std::size_t max = 0;
    std::size_t queued = 0;
    std::size_t warm = 0;    // ready for a new session
    std::size_t idle = 0;    // waiting with their session
    std::size_t parked = 0;  // waiting for the results of tools
    std::size_t starting = 0;
    std::size_t stopping = 0;
    std::uint64_t resident_bytes = 0;
    std::uint64_t started = 0;  // since the instance began
    std::uint64_t crashed = 0;  // ended without having been told to; not those that could not be started at all
};

// Who asks for a process. Told once, later or inside acquire(), unless it calls give_up() first.
class ProcessSeeker {
public:
    // The process is the seeker's until release(); nobody is attached to it.
    virtual void on_process(CliProcess& process) noexcept = 0;
    // capacity_exceeded, or backend_unavailable when none can be started.
    virtual void on_no_process(const Error& error) noexcept = 0;

protected:
    ~ProcessSeeker() = default;
};

// What a seeker needs.
struct ProcessNeed {
    std::string model;       // as the program names it
    std::string session_id;  // empty: a new session, whose id is that of the process
    std::string owner;       // whose request it is: the queue is fair between owners
    Setup setup;             // an idle process of the session that was told something else is replaced
};

// How a turn leaves its process.
enum class Afterwards {
    kKeep,    // idle, it waits with its session
    kPark,    // it waits for results of tools: its turn goes on, and what it says stays unread until then
    kDiscard  // it is stopped
};

// Owns all processes of an instance. Everything is [home-loop].
class ProcessPool {
public:
    // Fresh UUIDs (v4, lower case) for sessions are made by `new_session_id`.
    ProcessPool(Loop home, Clock clock, Log log, PoolLimits limits, ProcessStarter starter,
                std::function<std::string()> new_session_id);
    ~ProcessPool();

    // Warm processes are kept from now on (false: none are, those there are stopped).
    void keep_warm(bool is_wanted);

    void acquire(ProcessNeed need, ProcessSeeker& seeker);
    void give_up(ProcessSeeker& seeker) noexcept;
    // The process is not the seeker's any more. `has_turn`: a turn still runs in it (kDiscard only).
    void release(CliProcess& process, Afterwards afterwards, bool has_turn = false) noexcept;
    // The session has ended: its process, if any, goes, though not before its release().
    void forget_session(std::string_view session_id) noexcept;

    // Starts nothing more, fails who waits, stops everything. `done` runs when no process is left; those that live
    // after `patience` are killed. Called once.
    void shut_down(std::chrono::milliseconds patience, std::function<void()> done);

    PoolFigures figures() const noexcept;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::claude_code
