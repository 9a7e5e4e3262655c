// Who waits for slots in this gateway, in a fair order.
#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "waiter.hpp"

namespace sluice::ratelimit {

// One queue for each key of the store: first come, first served within an owner, and the owners in turn. Waiters of
// one queue live on several loops; whoever becomes the first of its queue is woken there. [any-thread]
class FairQueues {
public:
    // Who comes now has to wait behind others. Costs an atomic read while nobody waits for anything.
    bool has_waiting(std::string_view key) const noexcept;
    // False: `max_length` wait already. The first of a queue is woken: a slot may have been freed before it came.
    bool join(Waiter& waiter, std::size_t max_length) noexcept;
    // It has its slot and leaves; its owner's next turn comes after all others.
    void serve(Waiter& waiter) noexcept;
    // It leaves without; the order of the owners stays.
    void leave(Waiter& waiter) noexcept;
    bool is_first(const Waiter& waiter) const noexcept;
    // A slot of this key was freed.
    void offer(std::string_view key) noexcept;

private:
    struct Line {
        std::string owner;
        std::deque<Waiter*> waiters;
    };
    struct Queue {
        std::deque<Line> lines;
        std::size_t length = 0;
    };
    using Queues = std::map<std::string, Queue, std::less<>>;

    // Both with the mutex held. Gives the room of who has to be woken.
    WaitingRoom* remove(Waiter& waiter, bool is_served) noexcept;
    static WaitingRoom* mark_first(const Queue& queue) noexcept;

    mutable std::mutex mutex_;
    Queues queues_;
    std::atomic<std::size_t> count_{0};  // of all that wait
};

}  // namespace sluice::ratelimit
