// Deadlines, and the end of an exchange: leaving, and going back to the pool.
#include <algorithm>
#include <limits>

#include "net/attempt_run.hpp"
#include "net/connection_handler.hpp"
#include "net/exchange.hpp"
#include "stream/event_stream.hpp"

namespace sluice::net {

namespace {

using http::WireError;
using observability::EndedBy;

constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

std::uint64_t nanoseconds(std::chrono::milliseconds time) {
    return static_cast<std::uint64_t>(std::chrono::nanoseconds(time).count());
}

std::uint64_t after(std::uint64_t begin_ns, std::uint64_t span_ns) {
    return span_ns == 0 ? kNever : begin_ns + span_ns;
}

}  // namespace

Exchange::Exchange(LoopContext& context) : context_(context), call_(context) {}
Exchange::~Exchange() = default;

std::uint64_t Exchange::next_deadline_ns() const {
    const config::Timeouts& timeouts = settings().timeouts;
    // A client that takes nothing holds up everything behind it.
    if (connection_->queued_bytes() > 0 && has_given_) return after(last_sent_ns_, nanoseconds(timeouts.idle));
    std::uint64_t body_ns = is_waiting_for_body() ? after(last_body_ns_, nanoseconds(timeouts.body_gap)) : kNever;
    return std::min(body_ns, answer_deadline_ns());
}

std::uint64_t Exchange::answer_deadline_ns() const {
    const config::Timeouts& timeouts = settings().timeouts;
    if (phase_ == Phase::kBody) return kNever;  // as long as it keeps coming
    if (phase_ != Phase::kBackend || !target_) return after(started_ns_, nanoseconds(timeouts.request));
    const routing::Deadlines& limits = target_->deadlines;
    std::uint64_t began_ns = std::max(request_completed_ns_, started_ns_);
    if (run_ && (!has_given_ || !is_event_stream_)) return after(began_ns, run_->limit_ns());
    const std::uint64_t head_ns = has_begun_ ? kNever : after(began_ns, limits.head_ns);
    if (!has_given_) {
        return std::min(head_ns, after(began_ns, request_.is_streaming ? limits.first_event_ns : limits.request_ns));
    }
    if (!is_event_stream_) return after(began_ns, limits.request_ns);
    return std::min(after(last_event_ns_, limits.event_gap_ns), after(last_sent_ns_, nanoseconds(timeouts.heartbeat)));
}

void Exchange::arm_deadline() {
    if (is_over_ && connection_->queued_bytes() == 0) return;
    std::uint64_t deadline = next_deadline_ns();
    if (deadline != kNever) connection_->set_deadline(deadline);
}

void Exchange::on_deadline(std::uint64_t now_ns) {
    if (now_ns < next_deadline_ns()) return arm_deadline();
    bool is_client_stalled = connection_->queued_bytes() > 0 && has_given_;
    if (is_client_stalled) {
        ended_by_ = EndedBy::kDeadline;
        extras().error_code = "client_stalled";
        is_over_ = true;
        return connection_->abort_exchange();
    }
    const config::Timeouts& timeouts = settings().timeouts;
    if (is_waiting_for_body() && now_ns >= after(last_body_ns_, nanoseconds(timeouts.body_gap))) {
        ended_by_ = EndedBy::kDeadline;
        fail_answer(WireError::of("request_timeout", "The request body did not arrive in time."), false);
        return tell_cancelled();
    }
    bool is_heartbeat_only = phase_ == Phase::kBackend && has_given_ && is_event_stream_ && target_ &&
                             now_ns < after(last_event_ns_, target_->deadlines.event_gap_ns);
    if (is_heartbeat_only) {
        give(stream::kHeartbeat);
        last_sent_ns_ = now_ns;
        connection_->mark_output();
        return arm_deadline();
    }
    ended_by_ = EndedBy::kDeadline;
    fail_answer(WireError::of("timeout", "The backend did not answer in time."), false);
    tell_cancelled();
}

void Exchange::on_sent() {
    last_sent_ns_ = context_.loop.now_ns();
    if (is_over_) {
        if (connection_->queued_bytes() > 0) arm_deadline();
        return;
    }
    if (connection_->queued_bytes() <= settings().limits.client_queue_bytes) {
        run_ ? run_->tell_writable() : call_.tell_writable();
    }
    // What is waited for next depends on whether the client has taken everything.
    if (!is_over_ && (is_event_stream_ || connection_->queued_bytes() > 0)) arm_deadline();
}

void Exchange::cut(std::string_view reason) {
    if (is_over_) return;
    ended_by_ = EndedBy::kShutdown;
    fail_answer(WireError::of("server_shutting_down", std::string(reason)), false);
    tell_cancelled();
}

void Exchange::tell_cancelled() {
    is_cancelled_ = true;
    // Each of these may make the terminal call, after which the others are not set any more.
    bool was_leaving = std::exchange(is_leaving_, true);
    if (body_fn_) deliver_body();
    if (run_) {
        using Verdict = routing::CircuitBreaker::Verdict;
        run_->cancel(ended_by_ == EndedBy::kDeadline ? Verdict::kBad : Verdict::kUnknown);
    } else {
        call_.tell_cancelled();
    }
    run_pending_cancel();
    is_leaving_ = was_leaving;
    await_last_word();
}

void Exchange::leave(std::unique_ptr<Exchange> exchange, EndedBy by) {
    Exchange& self = *exchange;
    if (!self.is_over_) {
        self.ended_by_ = by;
        self.is_over_ = true;
        bool is_client = by == EndedBy::kClient;
        if (self.error_code().empty()) self.extras().error_code = is_client ? "cancelled" : "server_shutting_down";
    }
    self.connection_ = nullptr;
    LoopContext& context = self.context_;
    if (self.is_owed_a_word()) {
        self.is_leaving_ = true;
        self.tell_cancelled();
        self.is_leaving_ = false;
    }
    if (self.is_owed_a_word()) {
        self.is_orphan_ = true;
        ++context.orphans;
        exchange.release()->recycle_if_orphaned();
        return;
    }
    self.complete();
    context.recycle(std::move(exchange));
}

void Exchange::recycle_if_orphaned() {
    if (!is_orphan_ || is_owed_a_word() || is_leaving_) return;
    complete();
    LoopContext& context = context_;
    --context.orphans;
    context.recycle(std::unique_ptr<Exchange>(this));
}

bool Exchange::is_owed_a_word() const noexcept {
    return is_call_live_ || is_pending_ || is_cold_ || (run_ && run_->has_live_attempts());
}

void Exchange::end_run() {
    is_call_live_ = false;
    recycle_if_orphaned();
}

void Exchange::clear() {
    generation_.reset();
    request_.clear();
    facts_ = {};
    endpoint_ = {};
    chain_.reset(nullptr);
    target_ = nullptr;
    decoder_.reset();
    extras_.reset();
    body_left_ = body_bytes_ = body_limit_ = 0;
    phase_ = Phase::kHead;
    is_call_live_ = is_pending_ = is_pending_on_head_ = is_cold_ = is_cancelled_ = false;
    has_begun_ = has_given_ = is_over_ = expects_json_ = expects_body_ = is_streaming_body_ = false;
    is_body_spent_ = is_body_complete_ = is_event_stream_ = is_orphan_ = is_leaving_ = false;
    is_backends_answer_ = is_backends_head_ = has_call_succeeded_ = false;
    may_keep_alive_ = true;
    status_ = 0;
    framing_ = Framing::kLength;
    declared_bytes_ = sent_bytes_ = 0;
    overrides_.clear();
    attributes_.clear();
    on_pending_cancel_ = {};
    call_.close();
    // Its attempts may be on the stack.
    if (run_) context_.loop.post([run = std::shared_ptr<AttemptRun>(std::move(run_))] {});
    body_fn_ = nullptr;
    call_started_ns_ = call_ended_ns_ = pending_since_ns_ = 0;
    started_ns_ = request_completed_ns_ = first_byte_ns_ = last_event_ns_ = last_sent_ns_ = last_body_ns_ = 0;
    attempts_ = 0;
    ended_by_ = EndedBy::kBackend;
    usage_.reset();
}

}  // namespace sluice::net
