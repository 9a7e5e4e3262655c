#include "leases.hpp"

#include <algorithm>

#include "loop_state.hpp"

namespace sluice::ratelimit {
namespace {

using std::chrono::milliseconds;

// Renewals that are due within this time go out together.
constexpr milliseconds kGathered{100};

}  // namespace

void Leases::add(Holding& holding, std::chrono::nanoseconds asked_at) {
    const std::chrono::microseconds lease = holding.limit->measure.time;
    Line& line = lines_[lease];
    const std::chrono::nanoseconds now = loop_.now();
    // The store was so slow that a third is over already.
    const bool is_due = now - asked_at >= lease / 3;
    holding.renew_at = (is_due ? now : asked_at) + lease / 3;
    insert(line, holding);
    // While the timer is set it is set for somebody who came earlier, whose slot need not be there any more.
    if (timer_due_.count() == 0 || timer_due_ > holding.renew_at) set_timer(holding.renew_at);
    if (is_due) holding.loop.renew(holding);
}

void Leases::remove(Holding& holding) noexcept { unlink(lines_.find(holding.limit->measure.time)->second, holding); }

void Leases::insert(Line& line, Holding& holding) noexcept {
    // Only those that were asked for within one answer's time may be due later.
    Holding* before = line.last;
    while (before != nullptr && before->renew_at > holding.renew_at) before = before->previous;
    Holding*& place = before != nullptr ? before->next : line.first;
    holding.previous = before;
    holding.next = place;
    (place != nullptr ? place->previous : line.last) = &holding;
    place = &holding;
}

void Leases::unlink(Line& line, Holding& holding) noexcept {
    (holding.previous != nullptr ? holding.previous->next : line.first) = holding.next;
    (holding.next != nullptr ? holding.next->previous : line.last) = holding.previous;
    holding.next = holding.previous = nullptr;
}

void Leases::renew_due() noexcept {
    timer_due_ = std::chrono::nanoseconds(0);
    const std::chrono::nanoseconds now = loop_.now();
    for (auto& [lease, line] : lines_) {
        while (line.first != nullptr && line.first->renew_at <= now + kGathered) {
            Holding& holding = *line.first;
            unlink(line, holding);
            holding.renew_at = now + lease / 3;
            insert(line, holding);
            holding.loop.renew(holding);
        }
        if (line.first == nullptr) continue;
        if (timer_due_.count() == 0 || timer_due_ > line.first->renew_at) set_timer(line.first->renew_at);
    }
}

void Leases::set_timer(std::chrono::nanoseconds due) noexcept {
    if (!timer_) timer_ = loop_.timer<&Leases::renew_due>(this);
    if (!timer_) return;
    timer_due_ = due;
    timer_.set(std::chrono::ceil<milliseconds>(due - loop_.now()));
}

}  // namespace sluice::ratelimit
