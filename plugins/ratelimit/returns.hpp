// Slots on their way back to the store.
#pragma once

#include <sluice/cpp/loop.hpp>
#include <sluice/cpp/store.hpp>

#include <cstddef>

#include "holding.hpp"

namespace sluice::ratelimit {

// Gives the slots of one loop back, once a second again while the store fails, until their leases would have ended.
// [loop-thread]
class Returns {
public:
    explicit Returns(LoopState& loop_state) noexcept : loop_state_(loop_state) {}

    // Of a slot that is not renewed any more; `holding` is recycled when nothing is left to be done.
    void give_back(Holding& holding) noexcept;
    // The store's answer to that.
    void answered(Holding& holding, StoreAnswer answer) noexcept;
    // Nothing is tried again any more: such slots come back with the end of their leases.
    void close() noexcept;

private:
    void keep(Holding& holding) noexcept;
    void try_again() noexcept;

    LoopState& loop_state_;
    Timer timer_;
    Holding* first_ = nullptr;  // of those that are tried again
    std::size_t count_ = 0;
    bool is_closed_ = false;
};

}  // namespace sluice::ratelimit
