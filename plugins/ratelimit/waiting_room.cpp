#include "waiting_room.hpp"

#include <algorithm>

namespace sluice::ratelimit {
namespace {

using std::chrono::milliseconds;

// How long a slot that another gateway frees may stay unnoticed.
constexpr milliseconds kPollInterval{50};

}  // namespace

void WaitingRoom::enter(Waiter& waiter) noexcept {
    waiter.previous = nullptr;
    waiter.next = first_;
    if (first_ != nullptr) first_->previous = &waiter;
    first_ = &waiter;
    set_timer(waiter.deadline);
}

void WaitingRoom::exit(Waiter& waiter) noexcept {
    (waiter.previous != nullptr ? waiter.previous->next : first_) = waiter.next;
    if (waiter.next != nullptr) waiter.next->previous = waiter.previous;
    waiter.next = waiter.previous = nullptr;
}

void WaitingRoom::wake() noexcept { loop_.post<&WaitingRoom::ask_woken>(this); }

void WaitingRoom::ask_woken() noexcept {
    for (Waiter* waiter = first_; waiter != nullptr;) {
        Waiter* const next = waiter->next;  // who asks may get its slot and leave
        if (waiter->is_woken.exchange(false)) waiter->ask_again();
        waiter = next;
    }
}

void WaitingRoom::look_around() noexcept {
    due_ = std::chrono::nanoseconds(0);
    const std::chrono::nanoseconds now = loop_.now();
    for (Waiter* waiter = first_; waiter != nullptr;) {
        Waiter* const next = waiter->next;
        if (now >= waiter->deadline) {
            waiter->time_out();
        } else if (queues_.is_first(*waiter)) {
            waiter->ask_again();
        }
        waiter = next;
    }
    for (const Waiter* waiter = first_; waiter != nullptr; waiter = waiter->next) set_timer(waiter->deadline);
}

void WaitingRoom::set_timer(std::chrono::nanoseconds deadline) noexcept {
    const std::chrono::nanoseconds now = loop_.now();
    // Who is past its deadline waits for an answer of the store already.
    const std::chrono::nanoseconds due = deadline > now ? std::min(deadline, now + kPollInterval) : now + kPollInterval;
    if (due_.count() != 0 && due_ <= due) return;
    if (!timer_) timer_ = loop_.timer<&WaitingRoom::look_around>(this);
    if (!timer_) return;
    due_ = due;
    timer_.set(std::chrono::ceil<milliseconds>(due - now));
}

}  // namespace sluice::ratelimit
