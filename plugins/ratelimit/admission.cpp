#include "admission.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "limit_headers.hpp"
#include "loop_state.hpp"

namespace sluice::ratelimit {
namespace {

using Outcome = Take::Outcome;

// How much is left of a limit; `taken` of it is taken by all.
Standing standing_of(const Take& take, std::int64_t taken) noexcept {
    const std::int64_t remaining = std::clamp<std::int64_t>(take.measure.count - taken, 0, take.measure.count);
    return Standing{take.measure.count, remaining, remaining / take.amount, take.wait};
}

// Never empty.
std::string_view why(const StoreAnswer& failure) noexcept {
    return failure.value().empty() ? "it gives no reason" : failure.value();
}

}  // namespace

void Take::answered(StoreAnswer answer) noexcept {
    switch (answer.outcome()) {
        case StoreOutcome::kOk: outcome = Outcome::kTaken; break;
        case StoreOutcome::kRefused: outcome = Outcome::kRefused; break;
        default: outcome = Outcome::kFailed; break;
    }
    taken_in_all = answer.number();
    ticket = answer.ticket();
    wait = answer.wait();
    admission->answer_came(outcome == Outcome::kFailed ? why(answer) : std::string_view());
}

Admission::Admission(LoopState& loop)
    : loop_(loop), takes_(1 + std::max(loop.services.on_head.rules.size(), loop.services.on_request.rules.size())) {
    for (Take& take : takes_) take.admission = this;
    room = &loop.room;
}

void Admission::begin(const Exchange& exchange, ExchangeState& state) noexcept {
    exchange_ = exchange;
    state_ = &state;
    held_before_ = state.first;
    count_ = pending_ = 0;
    waited_for_ = nullptr;
    is_cancelled_ = false;
}

std::optional<Verdict> Admission::run() {
    is_asking_ = true;
    for (std::size_t i = 0; i < count_; ++i) {
        if (takes_[i].outcome == Outcome::kNotAsked) ask(takes_[i]);
    }
    is_asking_ = false;
    return pending_ > 0 ? std::nullopt : decide();
}

Verdict Admission::refuse_for_good(const Take& take) {
    exchange_->set_response_header("x-should-retry", "false");  // OpenAI's clients do as it says
    show(*exchange_, Standing{take.measure.count, 0, 0, take.measure.time}, loop_.services.clock);
    take.rule->count_refusal();
    return exchange_->refuse(never_fits(take.rule->limit(), take.measure, take.amount));
}

void Admission::answer_came(std::string_view failure) noexcept {
    if (failure.empty()) {
        loop_.services.health.worked();
    } else {
        loop_.services.health.failed(failure);
    }
    --pending_;
    if (pending_ == 0 && !is_asking_) proceed();
}

void Admission::cancel() noexcept {
    is_cancelled_ = true;
    if (waited_for_ != nullptr) stop_waiting(false);
    if (pending_ == 0) finish(withdraw());
}

void Admission::ask_again() noexcept {
    if (pending_ > 0) return;
    is_asking_ = true;
    ask(*waited_for_);
    is_asking_ = false;
    if (pending_ == 0) proceed();
}

void Admission::time_out() noexcept {
    if (pending_ > 0) return;  // the answer may be the slot
    Take& take = *waited_for_;
    stop_waiting(false);
    loop_.services.timed_out.add();
    finish(refuse(take, Cause::kTimedOut));
}

void Admission::ask(Take& take) noexcept {
    const Limit& limit = take.rule->limit();
    // Who comes now does not overtake those who wait.
    if (limit.has_queue() && &take != waited_for_ && loop_.services.queues.has_waiting(take.key)) {
        take.outcome = Outcome::kRefused;
        return;
    }
    take.outcome = Outcome::kAsked;
    take.asked_at = loop_.loop.now();
    ++pending_;
    const Quota quota{take.amount, take.measure.count, take.measure.time, limit.kind == Kind::kBucket};
    if (loop_.services.store.take<&Take::answered>(loop_.loop, take.key, quota, &take) < 0) {
        take.outcome = Outcome::kFailed;
        loop_.services.health.failed("it takes no questions");
        --pending_;
    }
}

void Admission::proceed() noexcept {
    const std::optional<Verdict> verdict = waited_for_ != nullptr ? after_waiting() : decide();
    if (verdict) finish(*verdict);
}

std::optional<Verdict> Admission::decide() {
    if (is_cancelled_) return withdraw();
    if (loop_.services.config.refuses_when_store_fails && first_with(Outcome::kFailed) != nullptr) {
        return refuse_as_store_failed();
    }
    if (const Take* hit = hard_refusal()) return refuse(*hit, Cause::kReached);
    if (Take* busy = first_with(Outcome::kRefused)) {
        if (wait_for(*busy)) return std::nullopt;
        return refuse(*busy, Cause::kQueueFull);
    }
    return admit();
}

std::optional<Verdict> Admission::after_waiting() {
    Take& take = *waited_for_;
    if (take.outcome == Outcome::kRefused) {
        if (loop_.loop.now() < deadline) return std::nullopt;
        time_out();
        return std::nullopt;
    }
    stop_waiting(take.outcome == Outcome::kTaken);
    return run();  // the slots of later limits
}

const Take* Admission::hard_refusal() const noexcept {
    const Take* hit = nullptr;
    for (std::size_t i = 0; i < count_; ++i) {
        const Take& take = takes_[i];
        if (take.outcome != Outcome::kRefused || take.rule->limit().has_queue()) continue;
        if (hit == nullptr || take.wait > hit->wait) hit = &take;
    }
    return hit;
}

Take* Admission::first_with(Outcome outcome) noexcept {
    for (std::size_t i = 0; i < count_; ++i) {
        if (takes_[i].outcome == outcome) return &takes_[i];
    }
    return nullptr;
}

bool Admission::wait_for(Take& take) {
    const Limit& limit = take.rule->limit();
    for (Take* later = &take + 1; later != takes_.data() + count_; ++later) {
        if (later->rule->limit().kind != Kind::kConcurrent) continue;
        if (later->outcome == Outcome::kTaken) give_back(*later);
        if (later->outcome == Outcome::kRefused) later->outcome = Outcome::kNotAsked;
    }
    key = take.key;
    owner.clear();
    Subjects(*exchange_, loop_.services.config.ipv6_prefix_bits).append(Subject::kKey, owner);
    deadline = loop_.loop.now() + limit.queue_time;
    if (!loop_.services.queues.join(*this, limit.queue_length)) return false;
    for (Take* earlier = takes_.data(); earlier != &take; ++earlier) {
        if (earlier->outcome == Outcome::kTaken && earlier->rule->limit().kind == Kind::kConcurrent) hold(*earlier);
    }
    waited_for_ = &take;
    loop_.room.enter(*this);
    loop_.services.queued.add();
    loop_.services.waiting.add(1);
    return true;
}

void Admission::stop_waiting(bool is_served) noexcept {
    loop_.room.exit(*this);
    loop_.services.waiting.add(-1);
    waited_for_ = nullptr;
    is_served ? loop_.services.queues.serve(*this) : loop_.services.queues.leave(*this);
}

Verdict Admission::admit() {
    show_nearest(false);
    for (std::size_t i = 0; i < count_; ++i) {
        Take& take = takes_[i];
        const Limit& limit = take.rule->limit();
        const bool is_kept = limit.kind == Kind::kConcurrent || limit.kind == Kind::kTokens;
        if (take.outcome == Outcome::kTaken && is_kept) hold(take);
    }
    return Verdict::kContinue;
}

Verdict Admission::refuse(const Take& hit, Cause cause) {
    const Limit& limit = hit.rule->limit();
    if (limit.has_reset()) {
        show(*exchange_, Standing{hit.measure.count, 0, 0, hit.wait}, loop_.services.clock);
    } else {
        show_nearest(true);
    }
    hit.rule->count_refusal();
    const auto wait = limit.has_reset() ? hit.wait : std::chrono::microseconds(0);  // nobody knows when a slot is free
    const Error error = limit_reached(limit, hit.measure, wait, cause);
    if (loop_.services.log.is_enabled(SLUICE_LOG_DEBUG)) loop_.services.log.debug(error.what());
    roll_back();
    return exchange_->refuse(error);
}

Verdict Admission::refuse_as_store_failed() {
    roll_back();
    return exchange_->refuse(store_failed());
}

Verdict Admission::withdraw() noexcept {
    roll_back();
    return exchange_->refuse(plain_error("rate_limit_exceeded", "The request was given up while it waited."));
}

void Admission::hold(Take& take) {
    take.outcome = Outcome::kHeld;
    Holding& holding = loop_.hold(take);
    holding.next_of_exchange = state_->first;
    state_->first = &holding;
}

void Admission::give_back(Take& take) noexcept {
    take.outcome = Outcome::kNotAsked;
    // What is left in a window soon expires; a slot would be missing for as long as its lease.
    if (take.rule->limit().kind == Kind::kConcurrent) return loop_.give_back_slot(take);
    loop_.services.store.give_back(loop_.loop, take.key, take.amount, take.ticket);
}

void Admission::roll_back() noexcept {
    for (std::size_t i = 0; i < count_; ++i) {
        if (takes_[i].outcome == Outcome::kTaken) give_back(takes_[i]);
    }
    while (state_->first != held_before_) {
        Holding& slot = *std::exchange(state_->first, state_->first->next_of_exchange);
        loop_.release_slot(slot);
    }
}

void Admission::show_nearest(bool is_given_back) {
    std::optional<Standing> nearest;
    for (std::size_t i = 0; i < count_; ++i) {
        const Take& take = takes_[i];
        if (take.outcome != Outcome::kTaken || !take.rule->limit().has_reset()) continue;
        const Standing standing = standing_of(take, take.taken_in_all - (is_given_back ? take.amount : 0));
        if (!nearest || standing.fitting < nearest->fitting) nearest = standing;
    }
    if (nearest) show_if_nearest(*exchange_, *nearest, loop_.services.clock);
}

void Admission::finish(Verdict verdict) noexcept {
    Exchange exchange = *exchange_;
    exchange.forget_cancel();  // resume() takes effect later: until then the callback would find a recycled admission
    loop_.recycle(std::unique_ptr<Admission>(this));
    exchange.resume(verdict);
}

}  // namespace sluice::ratelimit
