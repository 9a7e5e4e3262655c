#include "net/attempt_run.hpp"

#include <algorithm>
#include <utility>

#include "http/request.hpp"
#include "net/exchange.hpp"

namespace sluice::net {

using http::WireError;
using routing::Failure;
using routing::FailureKind;
using Verdict = routing::CircuitBreaker::Verdict;

namespace {

WireError error_of(const Failure& failure) {
    WireError error = WireError::of("backend_unavailable",
                                    failure.kind == FailureKind::kBusy
                                        ? "Every target of this route has as many calls as it may have."
                                        : "Every target of this route has failed too often lately and is left alone.");
    constexpr std::uint32_t kShortestRetryMs = 1000;
    error.retry_after_ms = std::max(failure.retry_after_ms, kShortestRetryMs);
    return error;
}

void give_error(Exchange& exchange, const WireError& error) {
    sluice_error given{};
    given.struct_size = sizeof given;
    given.http_status = error.status;
    given.retry_after_ms = error.retry_after_ms;
    given.code = http::borrow(error.code);
    given.type = http::borrow(error.type);
    given.param = http::borrow(error.param);
    given.message = http::borrow(error.message);
    exchange.fail(given, nullptr);
}

}  // namespace

AttemptRun::AttemptRun(Exchange& exchange, const routing::Target& route)
    : exchange_(exchange),
      generation_(exchange.generation()),
      route_(route),
      plan_(*route.policy, routing::sticky_key_of(*route.policy, exchange.request())),
      generator_(static_cast<std::minstd_rand::result_type>(exchange.context().loop.now_ns() ^
                                                            reinterpret_cast<std::uintptr_t>(&exchange))) {}

void AttemptRun::start() {
    const std::uint64_t now_ns = exchange_.context().loop.now_ns();
    follow(plan_.first(now_ns, random()), plan_.unavailable(now_ns));
}

/// `failure`: why there is another step, or none.
void AttemptRun::follow(std::optional<routing::AttemptStep> step, const Failure& failure) {
    if (!step) {
        if (!report_) report_ = Report{nullptr, error_of(failure)};
        return give_up();
    }
    if (step->delay_ns == 0) return make(*step);
    waiting_ = *step;
    waits_until_ns_ = exchange_.context().loop.now_ns() + step->delay_ns;
    arm();
}

void AttemptRun::make(const routing::AttemptStep& step) {
    const routing::PolicyTarget& target = *step.target;
    const std::string_view path = exchange_.request().path;
    if (!target.target.backend->serves(path)) {
        WireError error = WireError::of(
            "not_found", "The backend " + target.target.backend->name() + " does not serve " + std::string(path) + ".");
        if (!report_) report_ = Report{nullptr, error};
        return go_on({FailureKind::kClientError, error.status, error.code, 0});
    }
    auto attempt = std::make_unique<Attempt>(*this, target, step.reason);
    if (const auto refused = attempt->enter()) return go_on({*refused, 503, "backend_unavailable", 0});
    attempts_.push_back(std::move(attempt));
    current_ = attempts_.back().get();
    exchange_.begin_attempt(target.target);
    current_->start();
    arm();
}

void AttemptRun::go_on(const Failure& failure) {
    // What a body was streamed to cannot be sent to another.
    if (exchange_.is_body_spent()) return give_up();
    follow(plan_.after(failure, exchange_.context().loop.now_ns(), random()), failure);
}

void AttemptRun::on_given(const Attempt& attempt) { exchange_.answer_from(attempt.target().target); }

void AttemptRun::on_failed(Attempt& attempt, const Failure& failure, Ending ending) {
    if (is_over_) return on_ended();
    if (!report_ || plan_.is_at_targets()) report_ = Report{&attempt, std::move(ending)};
    go_on(failure);
}

void AttemptRun::give_up() {
    is_over_ = true;
    current_ = nullptr;
    if (report_->attempt) {
        report_->attempt->note_given();
        exchange_.answer_from(report_->attempt->target().target);
    }
    if (const auto* error = std::get_if<WireError>(&report_->ending)) return give_error(exchange_, *error);
    const sluice_status status = std::get<HeldAnswer>(report_->ending).give(exchange_);
    if (status >= 0) return exchange_.finish(nullptr);
    give_error(exchange_, WireError::of("internal_error", "The backend gave an error that cannot be sent."));
}

void AttemptRun::cancel(Verdict verdict) {
    is_over_ = true;
    waiting_.reset();
    for (std::size_t at = 0; at < attempts_.size(); ++at) attempts_[at]->abandon(verdict);
    on_ended();
}

void AttemptRun::on_ended() {
    if (is_over_ && !has_live_attempts()) exchange_.end_run();
}

bool AttemptRun::has_live_attempts() const noexcept {
    return std::any_of(attempts_.begin(), attempts_.end(), [](const auto& each) { return each->is_live(); });
}

std::size_t AttemptRun::fill(std::span<observability::AttemptRecord> records, std::uint64_t request_began_ns) const {
    const std::size_t count = std::min(records.size(), attempts_.size());
    for (std::size_t at = 0; at < count; ++at) records[at] = attempts_[at]->record(request_began_ns);
    return count;
}

void AttemptRun::tell_writable() {
    if (current_ && current_->is_live()) current_->tell_writable();
}

void AttemptRun::blame(observability::Misbehaviour reason) {
    if (current_) current_->blame(reason);
}

void AttemptRun::arm() {
    if (is_over_) return;
    const std::uint64_t deadline_ns = waiting_ ? waits_until_ns_ : current_ ? current_->deadline_ns() : Attempt::kNever;
    if (deadline_ns != Attempt::kNever) exchange_.context().loop.timers().set(*this, deadline_ns);
}

void AttemptRun::on_timer() {
    if (is_over_) return;
    const std::uint64_t now_ns = exchange_.context().loop.now_ns();
    if (waiting_ && now_ns >= waits_until_ns_) return make(*std::exchange(waiting_, std::nullopt));
    if (waiting_ || !current_ || now_ns < current_->deadline_ns()) return arm();
    if (!current_->is_overdue()) {
        current_->commit();
        return;
    }
    Attempt& late = *current_;
    current_ = nullptr;
    if (!report_ || plan_.is_at_targets()) {
        report_ = Report{&late, WireError::of("timeout", "The backend did not answer in time.")};
    }
    late.abandon(Verdict::kBad);
    if (!is_over_) go_on({FailureKind::kTimeout, 504, "timeout", 0});
}

}  // namespace sluice::net
