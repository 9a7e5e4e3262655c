// A request that waits for a slot.
#pragma once

#include <atomic>
#include <chrono>
#include <string>

namespace sluice::ratelimit {

class WaitingRoom;

// Belongs to one loop, on which everything happens but what the queues note of it. It is in a queue and in a room from
// join() to serve() or leave(), and not destroyed meanwhile.
class Waiter {
public:
    Waiter() = default;
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    // It is first in its queue, and a slot may be free. [loop-thread]
    virtual void ask_again() noexcept = 0;
    // Its time is over. [loop-thread]
    virtual void time_out() noexcept = 0;

    std::string key;    // of the slots, in the store
    std::string owner;  // whose turn it is when others wait for the same slots
    WaitingRoom* room = nullptr;
    std::chrono::nanoseconds deadline{0};  // of the loop's time
    std::atomic<bool> is_woken{false};

    // Of the room.
    Waiter* next = nullptr;
    Waiter* previous = nullptr;

protected:
    ~Waiter() = default;
};

}  // namespace sluice::ratelimit
