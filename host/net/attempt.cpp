#include "net/attempt.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "endpoints/model_renaming.hpp"
#include "http/request.hpp"
#include "net/attempt_run.hpp"
#include "net/exchange.hpp"
#include "observability/log.hpp"
#include "plugin/plugin_failure.hpp"

namespace sluice::net {

using http::WireError;
using observability::Misbehaviour;
using routing::CircuitBreaker;
using routing::FailureKind;
using Verdict = CircuitBreaker::Verdict;

namespace {

/// An error answer beyond this is no error object; it is passed on without being judged.
constexpr std::size_t kMostErrorBytes = 64 * 1024;

std::uint64_t after(std::uint64_t begin_ns, std::uint64_t span_ns) {
    return span_ns == 0 ? Attempt::kNever : begin_ns + span_ns;
}

/// What an error answer says about the target rather than about the request.
Verdict verdict_on(FailureKind kind) {
    switch (kind) {
        case FailureKind::kConnect:
        case FailureKind::kTimeout:
        case FailureKind::kServerError:
        case FailureKind::kCut: return Verdict::kBad;
        case FailureKind::kClientError:
        case FailureKind::kContextLength: return Verdict::kGood;
        case FailureKind::kRateLimit:
        case FailureKind::kAuth:
        case FailureKind::kCircuitOpen:
        case FailureKind::kBusy: break;
    }
    return Verdict::kUnknown;
}

}  // namespace

Attempt::Attempt(AttemptRun& run, const routing::PolicyTarget& target, std::string_view reason)
    : run_(run),
      target_(target),
      loop_(run.exchange().context().loop),
      call_(run.exchange().context()),
      reason_(reason) {}

observability::AttemptRecord Attempt::record(std::uint64_t request_began_ns) const {
    observability::AttemptRecord record;
    record.target = target_.target.backend->name();
    record.model = target_.model;
    record.outcome = outcome_;
    record.status = status_;
    record.started = std::chrono::nanoseconds(started_ns_ - request_began_ns);
    record.duration = std::chrono::nanoseconds((ended_ns_ ? ended_ns_ : loop_.now_ns()) - started_ns_);
    if (first_byte_ns_) record.first_byte = std::chrono::nanoseconds(first_byte_ns_ - started_ns_);
    record.is_answer = is_given_;
    record.reason = reason_;
    return record;
}

std::optional<FailureKind> Attempt::enter() {
    routing::TargetHealth& health = *target_.health;
    if (!health.load.try_enter(target_.max_concurrent)) return FailureKind::kBusy;
    admission_ = CircuitBreaker::Admission::kAdmitted;
    if (const auto& breaker = run_.policy().breaker) admission_ = health.breaker.admit(loop_.now_ns(), *breaker);
    if (admission_ == CircuitBreaker::Admission::kRefused) {
        health.load.leave();
        return FailureKind::kCircuitOpen;
    }
    is_settled_ = false;
    started_ns_ = loop_.now_ns();
    if (call_.admit(*target_.target.backend, run_.exchange().request().body().size())) return std::nullopt;
    settle(Verdict::kUnknown);
    return FailureKind::kCircuitOpen;
}

void Attempt::start() {
    is_live_ = true;
    request_ = *run_.exchange().plugin_request();
    if (!target_.model.empty() && run_.exchange().request().is_json) {
        body_ = endpoints::with_model(run_.exchange().request().body(), target_.model);
    }
    if (!body_.empty()) {
        request_.body = http::borrow(body_);
        request_.body_length = body_.size();
        request_.model = http::borrow(target_.model);
        body_.append(SLUICE_BODY_PADDING, '\0');
        request_.body.ptr = body_.data();
    }
    target_.target.backend->start(request_, *this);
}

void Attempt::abandon(Verdict verdict) {
    if (!is_live_) return;
    stage_ = Stage::kAbandoned;
    outcome_ = verdict == Verdict::kBad ? "timeout" : "cancelled";
    held_.clear();
    settle(verdict);
    if (verdict == Verdict::kBad) {
        count([](auto& metrics) { metrics.failed(FailureKind::kTimeout); });
    } else {
        count([](auto& metrics) { metrics.cancelled(); });
    }
    call_.tell_cancelled();
    if (is_live_) call_.await_last_word(run_.exchange().request().id);
}

/// Tells the breaker what the call was worth, as soon as that is known: a stream with its first event, so that a long
/// one does not keep the place of a probe.
void Attempt::judge(Verdict verdict) {
    const auto& breaker = run_.policy().breaker;
    if (!breaker || admission_ == CircuitBreaker::Admission::kRefused) return;
    const bool was_good = std::exchange(is_judged_, true);
    if (was_good && verdict != Verdict::kBad) return;
    // One that began well and was cut counts for both.
    const auto admission = was_good ? CircuitBreaker::Admission::kAdmitted : admission_;
    const std::uint64_t now_ns = loop_.now_ns();
    const auto change = target_.health->breaker.end(admission, verdict, now_ns - started_ns_, now_ns, *breaker);
    if (change == CircuitBreaker::Change::kNone) return;
    const bool is_open = change == CircuitBreaker::Change::kOpened;
    observability::log(is_open ? observability::LogLevel::kWarn : observability::LogLevel::kInfo,
                       is_open ? "circuit_opened" : "circuit_closed",
                       is_open ? "a target fails too often and is left alone for a while" : "a target answers again",
                       {{"target", target_.name}, {"route", target_.target.label}});
    count([is_open](auto& metrics) { metrics.set_circuit(is_open); });
    if (is_open && run_.policy().check_ns > 0) {
        run_.exchange().context().check_recovery(target_.health, run_.policy().check_ns);
    }
}

/// The end of the call as far as the target's health goes; once.
void Attempt::settle(Verdict verdict) {
    if (std::exchange(is_settled_, true)) return;
    judge(verdict);
    target_.health->load.leave();
}

template <class Note>
void Attempt::count(Note&& note) {
    if (target_.health->metrics) note(*target_.health->metrics);
}

void Attempt::end_call(bool is_cancelled) {
    ended_ns_ = loop_.now_ns();
    call_.end(is_cancelled);
    body_.clear();
}

bool Attempt::holds_on(std::size_t more_bytes) const noexcept {
    const routing::RoutePolicy& policy = run_.policy();
    return policy.on_cut != config::OnCut::kError && held_.bytes() + more_bytes <= policy.hold_bytes;
}

bool Attempt::ends_holding_next() const noexcept {
    const routing::RoutePolicy& policy = run_.policy();
    const bool has_window =
        stage_ == Stage::kHolding && policy.on_cut == config::OnCut::kRestart && first_byte_ns_ != 0;
    return has_window && loop_.now_ns() >= first_byte_ns_ + policy.hold_ns;
}

std::uint64_t Attempt::deadline_ns() const noexcept {
    if (!is_live_ || stage_ == Stage::kGiving || stage_ == Stage::kAbandoned) return kNever;
    const routing::Deadlines& limits = target_.target.deadlines;
    const bool is_stream = run_.exchange().request().is_streaming;
    const std::uint64_t whole_ns = after(started_ns_, is_stream ? limits.first_event_ns : limits.request_ns);
    if (stage_ == Stage::kWaiting) return std::min(whole_ns, after(started_ns_, limits.head_ns));
    if (stage_ != Stage::kHolding || first_byte_ns_ == 0) return whole_ns;
    const std::uint64_t next_ns = held_.is_event_stream() ? after(last_event_ns_, limits.event_gap_ns) : whole_ns;
    if (run_.policy().on_cut != config::OnCut::kRestart) return next_ns;
    return std::min(next_ns, first_byte_ns_ + run_.policy().hold_ns);
}

void Attempt::note_progress() {
    last_event_ns_ = loop_.now_ns();
    if (first_byte_ns_ != 0) return;
    first_byte_ns_ = last_event_ns_;
    if (stage_ != Stage::kHolding) return;
    target_.health->load.note_first_token(first_byte_ns_ - started_ns_, first_byte_ns_);
    judge(Verdict::kGood);
}

sluice_status Attempt::commit() {
    stage_ = Stage::kGiving;
    is_given_ = true;
    run_.on_given(*this);
    const sluice_status status = held_.give(run_.exchange());
    if (wants_release_) run_.exchange().release_body();
    return status;
}

sluice_loop* Attempt::loop() const noexcept { return run_.exchange().loop(); }

sluice_status Attempt::begin(const sluice_response& response) {
    if (is_cancelled()) return SLUICE_CANCELLED;
    if (stage_ != Stage::kWaiting) return SLUICE_E_STATE;
    if (response.http_status < 200 || response.http_status > 599) return SLUICE_E_INVALID;
    held_.begin(response);
    status_ = response.http_status;
    stage_ = response.http_status >= 400 ? Stage::kRefused : Stage::kHolding;
    return SLUICE_OK;
}

sluice_status Attempt::write(std::string_view bytes) {
    if (is_cancelled()) return SLUICE_CANCELLED;
    if (stage_ == Stage::kGiving) return run_.exchange().write(bytes);
    if (stage_ == Stage::kWaiting || held_.is_event_stream()) return SLUICE_E_STATE;
    note_progress();
    const bool is_held =
        stage_ == Stage::kRefused ? held_.bytes() + bytes.size() <= kMostErrorBytes : holds_on(bytes.size());
    if (is_held) {
        held_.add(bytes);
        run_.on_progress();
        return SLUICE_OK;
    }
    const sluice_status status = commit();
    return status < 0 ? status : run_.exchange().write(bytes);
}

sluice_status Attempt::write_event(std::string_view name, std::string_view data) {
    if (is_cancelled()) return SLUICE_CANCELLED;
    if (stage_ == Stage::kGiving) return run_.exchange().write_event(name, data);
    if (stage_ == Stage::kWaiting || !held_.is_event_stream()) return SLUICE_E_STATE;
    note_progress();
    if (stage_ == Stage::kHolding && holds_on(name.size() + data.size())) {
        held_.add_event(name, data);
        run_.on_progress();
        return SLUICE_OK;
    }
    const sluice_status status = commit();
    return status < 0 ? status : run_.exchange().write_event(name, data);
}

sluice_status Attempt::when_writable(sluice_callback_fn fn, void* ctx) {
    call_.when_writable(fn, ctx);
    run_.exchange().wake_when_writable();
    return SLUICE_OK;
}

sluice_status Attempt::when_cancelled(sluice_callback_fn fn, void* ctx) {
    call_.when_cancelled(fn, ctx);
    return SLUICE_OK;
}

bool Attempt::is_cancelled() const noexcept { return stage_ == Stage::kAbandoned || run_.exchange().is_cancelled(); }

const http::Attributes& Attempt::attributes() const noexcept { return run_.exchange().attributes(); }

sluice_status Attempt::set_attribute(std::string_view name, std::string_view value) {
    return run_.exchange().set_attribute(name, value);
}

sluice_status Attempt::read_body(sluice_body_fn fn, void* ctx) { return run_.exchange().read_body(fn, ctx); }

/// Another attempt may need it.
void Attempt::release_body() noexcept {
    wants_release_ = true;
    if (stage_ == Stage::kGiving) run_.exchange().release_body();
}

void Attempt::finish(const sluice_usage* usage) {
    if (!std::exchange(is_live_, false)) return;
    call_.close();
    if (stage_ == Stage::kAbandoned) {
        end_call(true);
        return run_.on_ended();
    }
    if (stage_ == Stage::kWaiting) {
        blame(Misbehaviour::kNoAnswer);
        return take_error(WireError::of("internal_error", "The backend finished without an answer."), false);
    }
    if (stage_ == Stage::kRefused) {
        routing::Failure failure{FailureKind::kServerError, held_.status(), held_.error_code(), held_.retry_after_ms()};
        failure.kind = routing::Failure::kind_of(failure.status, failure.code);
        outcome_ = failure.code.empty() ? std::string(observability::kErrorStatus) : failure.code;
        settle(verdict_on(failure.kind));
        count([&](auto& metrics) { metrics.failed(failure.kind); });
        end_call(false);
        return run_.on_failed(*this, failure, std::move(held_));
    }
    const bool is_unsendable = stage_ == Stage::kHolding && commit() < 0 && !run_.exchange().is_cancelled();
    settle(is_unsendable ? Verdict::kBad : Verdict::kGood);
    count([&](auto& metrics) { is_unsendable ? metrics.failed(FailureKind::kServerError) : metrics.succeeded(); });
    run_.on_concluded();
    if (is_unsendable) {
        run_.exchange().break_off(Misbehaviour::kUnsendable, "The backend gave something that cannot be sent.");
        return end_call(false);
    }
    // What was given is judged by the exchange, which may still blame the backend.
    run_.exchange().finish(usage);
    end_call(false);
}

void Attempt::fail(const sluice_error& error, const sluice_usage* usage) {
    if (!is_live_) return;
    if (const auto failure = plugin::failure_of(error)) blame(*failure);
    if (stage_ == Stage::kGiving) {
        is_live_ = false;
        call_.close();
        outcome_ = http::view(error.code);
        settle(run_.exchange().is_cancelled() ? Verdict::kUnknown : Verdict::kBad);
        count([this](auto& metrics) {
            run_.exchange().is_cancelled() ? metrics.cancelled() : metrics.failed(FailureKind::kCut);
        });
        end_call(run_.exchange().is_cancelled());
        run_.on_concluded();
        return run_.exchange().fail(error, usage);
    }
    is_live_ = false;
    call_.close();
    if (stage_ == Stage::kAbandoned) {
        end_call(true);
        return run_.on_ended();
    }
    take_error(http::wire_error_of(error), (error.flags & SLUICE_ERROR_UNANSWERED) != 0);
}

/// The call has ended with an error of the plugin's, with nothing given.
void Attempt::take_error(const WireError& error, bool is_unanswered) {
    routing::Failure failure{routing::Failure::kind_of(error.status, error.code), error.status, error.code,
                             error.retry_after_ms};
    const bool is_of_upstream = failure.kind != FailureKind::kServerError;
    if (!is_of_upstream && stage_ == Stage::kHolding) failure.kind = FailureKind::kCut;
    if (!is_of_upstream && is_unanswered) failure.kind = FailureKind::kConnect;
    outcome_ = error.code;
    settle(verdict_on(failure.kind));
    count([&](auto& metrics) { metrics.failed(failure.kind); });
    end_call(false);
    run_.on_failed(*this, failure, error);
}

void Attempt::break_off(Misbehaviour reason, std::string_view message) {
    if (!is_live_) return;
    blame(reason);
    sluice_error error{};
    error.struct_size = sizeof error;
    error.code = http::borrow("internal_error");
    error.message = http::borrow(message);
    fail(error, nullptr);
}

bool Attempt::post(std::function<void()> task) { return loop_.post(std::move(task)); }

}  // namespace sluice::net
