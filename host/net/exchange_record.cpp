// What is known of an exchange at its end, and who is told: middleware, counts, access log, the ring of records.
#include <array>

#include "net/attempt_run.hpp"
#include "net/exchange.hpp"
#include "observability/access_log.hpp"

namespace sluice::net {

namespace {

using observability::AttemptRecord;
using observability::RequestRecord;

constexpr std::array<std::string_view, 6> kPhases{"head", "body", "request", "backend", "cold", "done"};

std::chrono::nanoseconds span(std::uint64_t begin_ns, std::uint64_t end_ns) {
    return std::chrono::nanoseconds(end_ns > begin_ns ? end_ns - begin_ns : 0);
}

}  // namespace

RequestRecord Exchange::record() const {
    RequestRecord record;
    record.time = std::chrono::system_clock::now();
    record.request_id = request_.id;
    record.generation = generation_->number;
    if (target_) {
        record.backend_mode = target_->mode;
        record.route = target_->label;
    }
    record.method = request_.method;
    record.path = request_.path;
    record.model = request_.model;
    record.status = has_given_ ? status_ : 0;
    record.duration = span(started_ns_, context_.loop.now_ns());
    const std::uint64_t began_ns = request_completed_ns_ ? request_completed_ns_ : started_ns_;
    if (first_byte_ns_ > began_ns) record.first_byte = span(began_ns, first_byte_ns_);
    record.masked_key = attributes_.find("key.masked");
    record.session_id = attributes_.find("session.id");
    record.attempt_count = attempts_;
    record.bytes_in = request_.received_body_bytes;
    record.bytes_out = sent_bytes_;
    if (usage_) {
        record.prompt_tokens = usage_->prompt_tokens;
        record.completion_tokens = usage_->completion_tokens;
        record.is_usage_estimated = (usage_->flags & SLUICE_USAGE_ESTIMATED) != 0;
    }
    record.error_code = error_code();
    record.ended_by = observability::ended_by_name(ended_by_);
    record.phase = kPhases[static_cast<std::size_t>(phase_)];
    record.verdicts = chain_.verdicts();
    return record;
}

AttemptRecord Exchange::only_attempt() const {
    AttemptRecord attempt;
    attempt.target = target_->backend->name();
    attempt.outcome = has_call_succeeded_ || error_code().empty() ? std::string_view("ok") : error_code();
    attempt.started = span(started_ns_, call_started_ns_);
    attempt.duration = span(call_started_ns_, call_ended_ns_ ? call_ended_ns_ : context_.loop.now_ns());
    attempt.is_answer = is_backends_answer_ && has_given_;
    if (attempt.is_answer && is_backends_head_) {
        attempt.status = status_;
        attempt.first_byte = span(call_started_ns_, first_byte_ns_);
        if (attempt.outcome == "ok" && status_ >= 400) attempt.outcome = observability::kErrorStatus;
    }
    return attempt;
}

void Exchange::tell_middleware(const RequestRecord& record) {
    if (chain_.is_empty()) return;
    sluice_summary summary{};
    summary.struct_size = sizeof summary;
    summary.http_status = record.status;
    summary.ended_by = static_cast<std::int32_t>(ended_by_);
    summary.error_code = http::borrow(record.error_code);
    if (target_ && target_->backend) summary.backend = http::borrow(target_->backend->name());
    summary.received_bytes = record.bytes_in;
    summary.sent_bytes = record.bytes_out;
    summary.duration_ns = static_cast<std::uint64_t>(record.duration.count());
    if (record.first_byte) summary.first_byte_ns = static_cast<std::uint64_t>(record.first_byte->count());
    summary.attempts = record.attempt_count;
    summary.usage = usage_ ? &*usage_ : nullptr;
    chain_.complete(summary);
}

void Exchange::count(const RequestRecord& record) {
    observability::RequestSample sample;
    sample.endpoint = endpoint_.kind;
    if (target_ && target_->backend) sample.backend = target_->backend->slot();
    sample.ended_by = ended_by_;
    sample.status = record.status;
    sample.attempts = record.attempt_count;
    sample.duration = record.duration;
    sample.first_byte = record.first_byte.value_or(std::chrono::nanoseconds(0));
    sample.prompt_tokens = record.prompt_tokens.value_or(0);
    sample.completion_tokens = record.completion_tokens.value_or(0);
    context_.metrics.exchange_ended(sample);
}

void Exchange::keep(RequestRecord record) {
    observability::ExplainRing& ring = context_.server.explained;
    if (attempts_ == 0) return ring.keep(record);
    std::array<AttemptRecord, RequestRecord::kMaxAttempts> attempts;
    std::size_t count = 1;
    if (run_) {
        count = run_->fill(attempts, started_ns_);
    } else {
        attempts[0] = only_attempt();
    }
    record.attempts = std::span(attempts).first(count);
    ring.keep(record);
}

void Exchange::complete() {
    const RequestRecord record = this->record();
    tell_middleware(record);
    count(record);
    if (generation_->config.log.access && observability::access_log_enabled()) observability::log_access(record);
    keep(record);
}

}  // namespace sluice::net
