// Keeps slots taken while they are in use.
#pragma once

#include <sluice/cpp/loop.hpp>

#include <chrono>
#include <cstddef>
#include <map>

#include "holding.hpp"

namespace sluice::ratelimit {

// The slots that the exchanges of one loop hold. Each lease is renewed when a third of it is over, so that slots of a
// gateway that is gone come back with the end of their leases and no others do. [loop-thread]
class Leases {
public:
    explicit Leases(Loop loop) noexcept : loop_(loop) {}

    // A slot that was asked for at `asked_at`.
    void add(Holding& holding, std::chrono::nanoseconds asked_at);
    void remove(Holding& holding) noexcept;
    // Ends the timer: nothing is held any more.
    void close() noexcept { timer_.reset(); }

private:
    // Those of the same lease, in the order in which they are due.
    struct Line {
        Holding* first = nullptr;
        Holding* last = nullptr;
    };

    static void insert(Line& line, Holding& holding) noexcept;
    static void unlink(Line& line, Holding& holding) noexcept;
    void renew_due() noexcept;
    void set_timer(std::chrono::nanoseconds due) noexcept;

    const Loop loop_;
    std::map<std::chrono::microseconds, Line> lines_;  // by lease
    Timer timer_;
    std::chrono::nanoseconds timer_due_{0};  // 0: it is not set
};

}  // namespace sluice::ratelimit
