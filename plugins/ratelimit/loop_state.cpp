#include "loop_state.hpp"

#include <algorithm>
#include <utility>

namespace sluice::ratelimit {
namespace {

// Beyond what any request takes, and far from where sums overflow, whatever a backend says.
constexpr std::uint64_t kMaxTokens = std::uint64_t{1} << 52;

std::int64_t used_tokens(const Usage& usage) noexcept {
    const std::uint64_t sum = std::min(usage.prompt_tokens, kMaxTokens) + std::min(usage.completion_tokens, kMaxTokens);
    return static_cast<std::int64_t>(std::min(sum, kMaxTokens));
}

}  // namespace

std::unique_ptr<Admission> LoopState::make_admission() {
    if (admissions_.empty()) return std::make_unique<Admission>(*this);
    std::unique_ptr<Admission> admission = std::move(admissions_.back());
    admissions_.pop_back();
    return admission;
}

void LoopState::recycle(std::unique_ptr<Admission> admission) noexcept {
    if (admissions_.size() < kSpare) admissions_.push_back(std::move(admission));
}

Holding& LoopState::hold(const Take& take) {
    Holding& holding = make_holding(take);
    if (holding.limit->kind == Kind::kConcurrent) leases_.add(holding, take.asked_at);
    return holding;
}

void LoopState::release(Holding& holding, const Summary& summary) noexcept {
    if (holding.limit->kind != Kind::kConcurrent) {
        settle(holding, summary);
        return recycle(holding);
    }
    release_slot(holding);
}

void LoopState::release_slot(Holding& holding) noexcept {
    leases_.remove(holding);
    // While it is being renewed nobody knows the ticket.
    if (holding.is_renewing) {
        holding.is_released = true;
    } else {
        returns_.give_back(holding);
    }
}

void LoopState::give_back_slot(const Take& take) { returns_.give_back(make_holding(take)); }

void LoopState::recycle(Holding& holding) noexcept {
    std::unique_ptr<Holding> owned(&holding);
    if (holdings_.size() < kSpare) holdings_.push_back(std::move(owned));
}

void LoopState::renew(Holding& holding) noexcept {
    if (holding.is_renewing) return;
    holding.is_renewing = true;
    expect_answer();
    const sluice_status status = services.store.renew<&Holding::renewed>(
        loop, holding.key, holding.amount, holding.ticket, holding.limit->measure.time, &holding);
    if (status < 0) {
        holding.is_renewing = false;
        services.health.failed("it takes no questions");
        answer_came();
    }
}

void LoopState::renewed(Holding& holding, StoreAnswer answer) noexcept {
    holding.is_renewing = false;
    if (answer.is_ok()) {
        holding.ticket = answer.ticket();
        holding.lease_ends = loop.now() + holding.limit->measure.time;
        services.health.worked();
    } else {
        services.health.failed(answer.value());
    }
    if (holding.is_released) returns_.give_back(holding);
    answer_came();
}

void LoopState::close() noexcept {
    leases_.close();
    returns_.close();
    room.close();
    is_closed_ = true;
    if (expected_answers_ > 0) services.unanswered_loops.begin();
}

Holding& LoopState::make_holding(const Take& take) {
    std::unique_ptr<Holding> made;
    if (holdings_.empty()) {
        made = std::make_unique<Holding>(*this);
    } else {
        made = std::move(holdings_.back());
        holdings_.pop_back();
    }
    made->limit = &take.rule->limit();
    made->key = take.key;
    made->amount = take.amount;
    made->ticket = take.ticket;
    made->next_of_exchange = nullptr;
    made->is_renewing = made->is_released = false;
    made->lease_ends = take.asked_at + made->limit->measure.time;
    return *made.release();  // the exchange's, or on its way back, until recycle()
}

void LoopState::settle(const Holding& holding, const Summary& summary) noexcept {
    const std::optional<Usage> usage = summary.usage();
    if (!usage) return;
    const std::int64_t used = used_tokens(*usage);
    if (used != holding.amount) {
        services.store.give_back(loop, holding.key, holding.amount - used, holding.ticket);
    }
}

void Holding::renewed(StoreAnswer answer) noexcept { loop.renewed(*this, answer); }

void Holding::returned(StoreAnswer answer) noexcept { loop.returned(*this, answer); }

}  // namespace sluice::ratelimit
