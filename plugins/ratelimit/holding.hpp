// A part of a quota that an exchange has until its end.
#pragma once

#include <sluice/cpp/store.hpp>

#include <chrono>
#include <cstdint>
#include <string>

#include "limit.hpp"

namespace sluice::ratelimit {

class LoopState;

// A slot, whose lease is renewed while it is held, or tokens, which are settled at the end. Belongs to its loop.
struct Holding {
    explicit Holding(LoopState& loop_state) noexcept : loop(loop_state) {}
    Holding(const Holding&) = delete;
    Holding& operator=(const Holding&) = delete;

    // The store's answer to a renewal.
    void renewed(StoreAnswer answer) noexcept;
    // And to its being given back.
    void returned(StoreAnswer answer) noexcept;

    LoopState& loop;
    const Limit* limit = nullptr;
    std::string key;
    std::int64_t amount = 0;
    std::uint64_t ticket = 0;
    Holding* next_of_exchange = nullptr;

    // Of the leases, and afterwards of the returns.
    std::chrono::nanoseconds renew_at{0};    // of the loop's time
    std::chrono::nanoseconds lease_ends{0};  // of the loop's time
    Holding* next = nullptr;
    Holding* previous = nullptr;
    bool is_renewing = false;  // an answer is on its way
    bool is_released = false;  // the exchange is over; the answer is waited for
};

}  // namespace sluice::ratelimit
