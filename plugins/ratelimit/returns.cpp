#include "returns.hpp"

#include <chrono>
#include <utility>

#include "loop_state.hpp"

namespace sluice::ratelimit {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTriedAgainAfter{1000};

// A store that is down for long must not cost more and more memory; what is beyond comes back by its lease.
constexpr std::size_t kMaxKept = 1024;

}  // namespace

void Returns::give_back(Holding& holding) noexcept {
    Services& services = loop_state_.services;
    loop_state_.expect_answer();
    const sluice_status status = services.store.give_back<&Holding::returned>(loop_state_.loop, holding.key,
                                                                              holding.amount, holding.ticket, &holding);
    if (status < 0) {
        services.health.failed("it takes no questions");
        keep(holding);
        loop_state_.answer_came();
    }
}

void Returns::answered(Holding& holding, StoreAnswer answer) noexcept {
    Services& services = loop_state_.services;
    if (answer.is_ok()) {
        services.health.worked();
        if (holding.limit->has_queue()) services.queues.offer(holding.key);
        loop_state_.recycle(holding);
    } else {
        services.health.failed(answer.value());
        keep(holding);
    }
    loop_state_.answer_came();
}

void Returns::close() noexcept {
    is_closed_ = true;
    timer_.reset();
    while (first_ != nullptr) loop_state_.recycle(*std::exchange(first_, first_->next));
    count_ = 0;
}

void Returns::keep(Holding& holding) noexcept {
    const Loop& loop = loop_state_.loop;
    const bool is_too_late = loop.now() + kTriedAgainAfter >= holding.lease_ends;
    if (is_closed_ || is_too_late || count_ == kMaxKept) return loop_state_.recycle(holding);
    if (!timer_) timer_ = loop.timer<&Returns::try_again>(this);
    if (!timer_) return loop_state_.recycle(holding);
    if (first_ == nullptr) timer_.set(kTriedAgainAfter);
    holding.next = first_;
    first_ = &holding;
    ++count_;
}

void Returns::try_again() noexcept {
    Holding* holding = std::exchange(first_, nullptr);  // those that fail at once are kept for the next time
    count_ = 0;
    while (holding != nullptr) give_back(*std::exchange(holding, holding->next));
}

}  // namespace sluice::ratelimit
