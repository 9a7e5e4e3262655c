// Which process the next seeker gets, and whose goes for it.
#pragma once

#include <sluice/cpp/clock.hpp>
#include <sluice/cpp/error.hpp>

#include <chrono>
#include <cstddef>
#include <optional>

#include "process/fair_queue.hpp"
#include "process/process_pool.hpp"
#include "process/process_table.hpp"

namespace sluice::claude_code {

// Has had as many turns as it may, or holds too much memory: it serves no more turns.
bool is_worn_out(const PooledProcess& one, const PoolLimits& limits) noexcept;

// Everything is [home-loop]. Inside what seekers are told, add() and remove() may be called.
class ProcessAllotment {
public:
    ProcessAllotment(Clock clock, const PoolLimits& limits, ProcessTable& table);

    void add(ProcessNeed need, ProcessSeeker& seeker);
    // False: it does not wait.
    bool remove(const ProcessSeeker& seeker) noexcept;
    std::size_t count() const noexcept { return queue_.count(); }
    bool may_wait() const noexcept { return limits_.queue_timeout.count() > 0; }

    // Gives one seeker its process, or tells it that none can be started. False: no one can be served now; what has to
    // end for those that wait was told to.
    bool serve_one();
    // Its place goes first to whom it was promised.
    void has_ended(const PooledProcess& one) noexcept;

    // Those that have waited for queue_timeout.
    void refuse_late();
    void refuse_all(const Error& error);
    // When refuse_late() is due.
    std::optional<std::chrono::nanoseconds> next_deadline() const;

private:
    bool try_serve(const WaitingSeeker& waiting, std::size_t& freeing);
    PooledProcess* usable_for(const ProcessNeed& need) const noexcept;
    bool fits(const PooledProcess& one, const ProcessNeed& need) const noexcept;
    void hand_out(PooledProcess& one, ProcessSeeker& seeker);
    void hand_out_new(const ProcessNeed& need, ProcessSeeker& seeker);
    void wait_for_end(PooledProcess& own, ProcessSeeker& seeker, std::size_t& freeing) noexcept;
    void evict_for(const ProcessSeeker& seeker, PooledProcess* one) noexcept;
    bool waits_for_memory(const WaitingSeeker& waiting) noexcept;
    void refuse(ProcessSeeker& seeker, const Error& error) noexcept;
    Error too_full_for(const WaitingSeeker& waiting) const;

    const Clock clock_;
    const PoolLimits& limits_;
    ProcessTable& table_;
    FairQueue queue_;
};

}  // namespace sluice::claude_code
