// The requests of one loop that wait for a slot.
#pragma once

#include <sluice/cpp/loop.hpp>

#include "fair_queues.hpp"
#include "waiter.hpp"

namespace sluice::ratelimit {

// Lets the first of each queue ask again when a slot was freed in this gateway, and now and then, as other gateways may
// free slots, too; and ends waiting in time. [loop-thread] but for wake().
class WaitingRoom {
public:
    WaitingRoom(Loop loop, FairQueues& queues) noexcept : loop_(loop), queues_(queues) {}

    void enter(Waiter& waiter) noexcept;
    void exit(Waiter& waiter) noexcept;
    // Those that are marked as woken ask again. [any-thread]
    void wake() noexcept;
    // Ends the timer: nothing waits any more.
    void close() noexcept { timer_.reset(); }

private:
    void ask_woken() noexcept;
    void look_around() noexcept;
    // At the latest for `deadline`.
    void set_timer(std::chrono::nanoseconds deadline) noexcept;

    const Loop loop_;
    FairQueues& queues_;
    Timer timer_;
    std::chrono::nanoseconds due_{0};  // of the timer; 0: it is not set
    Waiter* first_ = nullptr;
};

}  // namespace sluice::ratelimit
