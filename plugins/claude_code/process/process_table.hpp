// The processes of a pool, and what each of them does.
#pragma once

#include <sluice/cpp/clock.hpp>
#include <sluice/cpp/log.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "process/cli_process.hpp"

namespace sluice::claude_code {

class ProcessSeeker;
class PooledProcess;

// The program answers about a second after it was started, on a busy machine much later. After this time it never will.
constexpr std::chrono::milliseconds kReadyTime{60'000};
// One that has been starting for longer is not relied on.
constexpr std::chrono::milliseconds kHopefulTime = kReadyTime / 2;

enum class ProcessState {
    kStarting,  // not ready yet, and nobody has it
    kWarm,      // ready for a new session
    kIdle,      // waits with its session
    kParked,    // waits for results of tools
    kActive,    // a seeker has it
    kStopping
};

// Told of the processes that nobody has.
class ProcessTableUser {
public:
    // It has answered the probe; its state is kStarting.
    virtual void on_ready(PooledProcess& one) noexcept = 0;
    // It is to be erased, here or later.
    virtual void on_end(PooledProcess& one, const ProcessEnd& end) noexcept = 0;

protected:
    ~ProcessTableUser() = default;
};

class PooledProcess final : public ProcessUser {
public:
    PooledProcess(ProcessTableUser& user, std::unique_ptr<CliProcess> started);

    // ProcessUser
    void on_record(const CliRecord& record) noexcept override;
    void on_end(const ProcessEnd& end) noexcept override;

    // It is there, and stays.
    bool is_sound() const noexcept { return !process->is_stopping() && !process->has_ended(); }
    bool is_of(std::string_view model) const noexcept { return process->order().model == model; }

    const std::unique_ptr<CliProcess> process;
    ProcessState state = ProcessState::kStarting;
    std::chrono::nanoseconds since{};          // when it came into its state
    std::uint64_t resident_bytes = 0;          // when it was last looked at
    const ProcessSeeker* freed_for = nullptr;  // who gets its place when it has ended
    bool is_forgotten = false;                 // its session has ended

private:
    ProcessTableUser& user_;
};

// Everything is [home-loop].
class ProcessTable {
public:
    ProcessTable(Clock clock, Log log, ProcessStarter starter, std::function<std::string()> new_session_id,
                 ProcessTableUser& user);

    // An empty id: a new session. Nobody is attached to the process. Null: none could be started; the log says why.
    PooledProcess* start(const std::string& model, const std::string& session_id) noexcept;
    void enter(PooledProcess& one, ProcessState state) noexcept;
    // `has_turn`: a turn runs in it; that of a parked one is known.
    void stop(PooledProcess& one, bool has_turn = false) noexcept;
    // Destroys the process, which may be the one that is telling its end.
    void erase(PooledProcess& one) noexcept;

    std::size_t size() const noexcept { return all_.size(); }
    std::size_t count(ProcessState state) const noexcept;
    // Since the table is there.
    std::uint64_t count_started() const noexcept { return started_; }
    std::size_t count_warm(std::string_view model) const noexcept;
    // In the order they began.
    const std::vector<std::unique_ptr<PooledProcess>>& all() const noexcept { return all_; }
    PooledProcess* find(const CliProcess& process) const noexcept;
    // An empty id: null.
    PooledProcess* of_session(std::string_view session_id) const noexcept;
    // One for a new session: a warm one, or one that is getting there and began after `earliest`.
    PooledProcess* fresh_of(std::string_view model, std::chrono::nanoseconds earliest) const noexcept;

    // Which one goes first when there must be room for a process of `model`: of other models what has no session, then
    // of this one, then who has been idle longest, and parked ones last, if at all. Null: all are at work.
    PooledProcess* to_evict(std::string_view model, bool may_be_parked) const noexcept;
    // Those that end and whose place is not promised to anyone.
    std::size_t count_unpromised() const noexcept;
    bool is_promised_to(const ProcessSeeker& seeker) const noexcept;
    // It does not wait any more: what was promised to it is free.
    void forget(const ProcessSeeker& seeker) noexcept;

    // Reads how much memory each of them holds.
    void weigh() noexcept;
    std::uint64_t resident_bytes() const noexcept;
    // Without those that are stopping.
    std::uint64_t kept_bytes() const noexcept;
    // Of one process, as seen when there was one last; 0: none was seen.
    std::uint64_t typical_bytes() const noexcept { return typical_bytes_; }

private:
    const Clock clock_;
    const Log log_;
    const ProcessStarter starter_;
    const std::function<std::string()> new_session_id_;
    ProcessTableUser& user_;
    std::vector<std::unique_ptr<PooledProcess>> all_;
    std::uint64_t started_ = 0;
    std::uint64_t typical_bytes_ = 0;
};

}  // namespace sluice::claude_code
