// What an instance has on each loop: everything an exchange needs there is reached without a lock.
#pragma once

#include <sluice/cpp/loop.hpp>
#include <sluice/cpp/summary.hpp>

#include <cstddef>
#include <memory>
#include <vector>

#include "admission.hpp"
#include "holding.hpp"
#include "leases.hpp"
#include "returns.hpp"
#include "services.hpp"
#include "token_estimate.hpp"
#include "waiting_room.hpp"

namespace sluice::ratelimit {

// A cache line of its own, so that loops do not disturb each other. [loop-thread]
class alignas(64) LoopState {
public:
    LoopState(Services& shared, Loop own_loop)
        : services(shared), loop(own_loop), room(own_loop, shared.queues), leases_(own_loop), returns_(*this) {
        admissions_.reserve(kSpare);
        holdings_.reserve(kSpare);
    }
    LoopState(const LoopState&) = delete;
    LoopState& operator=(const LoopState&) = delete;

    std::unique_ptr<Admission> make_admission();
    void recycle(std::unique_ptr<Admission> admission) noexcept;

    // Keeps what was taken until release().
    Holding& hold(const Take& take);
    // The exchange is over: gives a slot back, and tokens as far as they were not used.
    void release(Holding& holding, const Summary& summary) noexcept;
    // The same of a slot, for an exchange that goes on without.
    void release_slot(Holding& holding) noexcept;
    // Of a slot that nothing has held.
    void give_back_slot(const Take& take);
    void recycle(Holding& holding) noexcept;

    // Of the leases: asks the store for another lease.
    void renew(Holding& holding) noexcept;
    // The answer to that.
    void renewed(Holding& holding, StoreAnswer answer) noexcept;
    // The answer to what was given back.
    void returned(Holding& holding, StoreAnswer answer) noexcept { returns_.answered(holding, answer); }

    // The state is not destroyed before each answer that is expected has come.
    void expect_answer() noexcept { ++expected_answers_; }
    // The last that is done about an answer: the state may be gone afterwards.
    void answer_came() noexcept {
        if (--expected_answers_ == 0 && is_closed_) services.unanswered_loops.end();
    }
    // Ends the timers. No exchange is left.
    void close() noexcept;

    Services& services;
    const Loop loop;
    WaitingRoom room;
    TokenEstimator estimator;

private:
    // So many are kept for later when they are not needed; a burst's are given back to the heap.
    static constexpr std::size_t kSpare = 256;

    Holding& make_holding(const Take& take);
    void settle(const Holding& holding, const Summary& summary) noexcept;

    Leases leases_;
    Returns returns_;
    std::size_t expected_answers_ = 0;
    bool is_closed_ = false;
    std::vector<std::unique_ptr<Admission>> admissions_;  // those that are free
    std::vector<std::unique_ptr<Holding>> holdings_;
};

}  // namespace sluice::ratelimit
