// The way out: what the backend gives, or the gateway itself answers, on its way into the client's queue.
#include <cstring>
#include <string>

#include "net/attempt_run.hpp"
#include "net/connection_handler.hpp"
#include "net/exchange.hpp"
#include "plugin/plugin_failure.hpp"
#include "stream/event_stream.hpp"

namespace sluice::net {

namespace {

using http::view;
using http::WireError;

bool has_line_end(std::string_view text) {
    if (text.empty()) return false;
    return std::memchr(text.data(), '\n', text.size()) || std::memchr(text.data(), '\r', text.size());
}

bool has_no_body(int status) { return status < 200 || status == 204 || status == 304; }

}  // namespace

sluice_status Exchange::begin(const sluice_response& response) {
    if (is_over_ || is_cancelled_) return SLUICE_CANCELLED;
    if (has_begun_) return SLUICE_E_STATE;
    if (response.http_status < 200 || response.http_status > 599) return SLUICE_E_INVALID;
    write_head(response);
    is_backends_answer_ = is_backends_head_ = true;
    return SLUICE_OK;
}

void Exchange::write_head(const sluice_response& response) {
    has_begun_ = true;
    status_ = response.http_status;
    is_event_stream_ = (response.flags & SLUICE_RESPONSE_EVENTS) != 0;
    declared_bytes_ = is_event_stream_ ? SLUICE_LENGTH_UNKNOWN : response.content_length;
    if (request_.method == "HEAD" || has_no_body(status_)) {
        framing_ = Framing::kNone;
    } else if (declared_bytes_ != SLUICE_LENGTH_UNKNOWN) {
        framing_ = Framing::kLength;
    } else {
        framing_ = request_.is_http_1_0 ? Framing::kClose : Framing::kChunked;
    }
    may_keep_alive_ = facts_.is_keep_alive && is_body_complete_ && framing_ != Framing::kClose &&
                      connection_->may_keep_alive() && !context_.server.is_draining.load(std::memory_order_relaxed);
    ResponseHead head;
    head.status = status_;
    head.framing = framing_;
    head.content_length = declared_bytes_;
    head.is_event_stream = is_event_stream_;
    head.is_keep_alive = may_keep_alive_;
    head.is_http_1_0 = request_.is_http_1_0;
    head.content_type = view(response.content_type);
    head.date = context_.loop.http_date();
    head.request_id = request_.id;
    if (target_) head.backend_mode = target_->mode;
    head.attempts = attempts_;
    head.cors_lines = extras_ && !extras_->preflight_lines.empty()
                          ? std::string_view(extras_->preflight_lines)
                          : context_.rules().cors.answer_lines(request_.header("Origin"));
    head.headers = {response.headers, response.header_count};
    run_response_hooks(response);
    head.overrides = overrides_;
    connection_->hold_output();
    append_response_head(connection_->output(), head);
}

Exchange::Extras& Exchange::extras() {
    if (!extras_) extras_ = std::make_unique<Extras>();
    return *extras_;
}

WireError Exchange::refusal_or(std::string_view code, std::string_view message) const {
    return extras_ && extras_->refusal ? *extras_->refusal : WireError::of(code, std::string(message));
}

void Exchange::run_response_hooks(const sluice_response& response) {
    hook_response_ = &response;
    chain_.run_response(as_plugin_exchange(*this), exchange_table());
    hook_response_ = nullptr;
}

void Exchange::first_byte_given() {
    // With nothing in the queue the client owes us nothing: its time to take what comes now begins now.
    if (connection_->queued_bytes() == 0) last_sent_ns_ = context_.loop.now_ns();
    if (!has_given_) {
        has_given_ = true;
        first_byte_ns_ = last_sent_ns_ = context_.loop.now_ns();
        connection_->release_output();
    }
    connection_->mark_output();
}

void Exchange::give(std::string_view bytes) {
    sent_bytes_ += bytes.size();
    std::string& out = connection_->output();
    switch (framing_) {
        case Framing::kNone: break;
        case Framing::kLength:
        case Framing::kClose: out += bytes; break;
        case Framing::kChunked:
            append_chunk_size(out, bytes.size());
            out += bytes;
            out += "\r\n";
            break;
    }
}

sluice_status Exchange::status_of_queue() {
    const config::Limits& limits = settings().limits;
    if (connection_->queued_bytes() <= limits.client_queue_bytes) return SLUICE_OK;
    std::size_t queued = connection_->queued_bytes(true);
    if (queued <= limits.client_queue_bytes) return SLUICE_OK;
    if (queued <= 2 * limits.client_queue_bytes + limits.event_bytes) return SLUICE_FULL;
    // The backend goes on although it was told to wait: the queue stays bounded.
    blame_backend(observability::Misbehaviour::kUnsendable);
    fail_answer(WireError::of("internal_error", "The backend ignored that the client reads too slowly."), false);
    is_cancelled_ = true;
    return SLUICE_CANCELLED;
}

sluice_status Exchange::write(std::string_view bytes) {
    if (is_over_ || is_cancelled_) return SLUICE_CANCELLED;
    if (!has_begun_ || is_event_stream_) return SLUICE_E_STATE;
    if (bytes.empty()) return SLUICE_OK;
    if (chain_.wants_chunks()) {
        auto result = chain_.run_chunk(as_plugin_exchange(*this), exchange_table(), {}, bytes);
        if (result.verdict >= SLUICE_CHUNK_DROP) return end_by_middleware(result.verdict);
        bytes = result.text;
        if (bytes.empty()) return SLUICE_OK;  // an empty chunk would end the body
    }
    if (framing_ == Framing::kLength && bytes.size() > declared_bytes_ - sent_bytes_) return SLUICE_E_STATE;
    first_byte_given();
    give(bytes);
    return status_of_queue();
}

sluice_status Exchange::write_event(std::string_view name, std::string_view data) {
    if (is_over_ || is_cancelled_) return SLUICE_CANCELLED;
    if (!has_begun_ || !is_event_stream_) return SLUICE_E_STATE;
    if (data.size() > settings().limits.event_bytes) return SLUICE_E_INVALID;
    if (has_line_end(data) || has_line_end(name)) return SLUICE_E_INVALID;
    last_event_ns_ = context_.loop.now_ns();
    if (chain_.wants_chunks()) {
        auto result = chain_.run_chunk(as_plugin_exchange(*this), exchange_table(), name, data);
        if (result.verdict >= SLUICE_CHUNK_DROP) return end_by_middleware(result.verdict);
        data = result.text;
        if (has_line_end(data)) {
            chain_.blame_last(observability::Misbehaviour::kUnsendable);
            chain_.answer_failed();
            extras().refusal = WireError::of("internal_error", "A middleware put a line end into an event.");
            return end_by_middleware(SLUICE_CHUNK_FAIL);
        }
    }
    bool is_first = !has_given_;
    first_byte_given();
    give_event(name, data);
    if (is_first) arm_deadline();
    return status_of_queue();
}

void Exchange::give_event(std::string_view name, std::string_view data) {
    std::string& out = connection_->output();
    bool is_named = endpoint_.dialect == stream::Dialect::kNamed && !name.empty();
    std::size_t bytes = data.size() + 8 + (is_named ? name.size() + 8 : 0);
    sent_bytes_ += bytes;
    if (framing_ == Framing::kChunked) append_chunk_size(out, bytes);
    stream::append_event(out, endpoint_.dialect, name, data);
    if (framing_ == Framing::kChunked) out += "\r\n";
}

sluice_status Exchange::end_by_middleware(sluice_chunk_verdict verdict) {
    if (verdict == SLUICE_CHUNK_DROP) return SLUICE_OK;
    ended_by_ = observability::EndedBy::kMiddleware;
    // The backend learns of it from this result: a cancel callback inside its own call would surprise it.
    is_cancelled_ = true;
    if (verdict == SLUICE_CHUNK_END) {
        end_body();
    } else {
        if (extras_ && extras_->refusal_failure) chain_.blame_last(*extras_->refusal_failure);
        fail_answer(refusal_or("stream_error", "A middleware ended the answer."), false);
    }
    return SLUICE_CANCELLED;
}

sluice_status Exchange::when_writable(sluice_callback_fn fn, void* ctx) {
    call_.when_writable(fn, ctx);
    wake_when_writable();
    return SLUICE_OK;
}

sluice_status Exchange::when_cancelled(sluice_callback_fn fn, void* ctx) {
    call_.when_cancelled(fn, ctx);
    return SLUICE_OK;
}

void Exchange::wake_when_writable() {
    if (connection_) connection_->mark_output();  // on_sent() follows, soon, not inside this call
}

void Exchange::remember_usage(const sluice_usage* usage) {
    if (usage) usage_ = *usage;
}

void Exchange::finish(const sluice_usage* usage) {
    if (!is_call_live_) return;  // a second terminal call of a plugin that knows no better
    is_call_live_ = false;
    call_.close();
    remember_usage(usage);
    if (!is_over_) {
        if (!has_begun_) {
            blame_backend(observability::Misbehaviour::kNoAnswer);
            fail_answer(WireError::of("internal_error", "The backend finished without an answer."), false);
        } else {
            end_body();
        }
    }
    end_call();
    recycle_if_orphaned();
}

void Exchange::end_body() {
    bool is_short = framing_ == Framing::kLength && sent_bytes_ != declared_bytes_;
    if (is_short) {
        // Where middleware may have changed what it gave, nobody knows whose fault it is.
        if (!is_call_live_ && !chain_.wants_chunks()) blame_backend(observability::Misbehaviour::kUnsendable);
        fail_answer(WireError::of("internal_error", "The backend gave " + std::to_string(sent_bytes_) + " of " +
                                                        std::to_string(declared_bytes_) + " bytes it had announced."),
                    false);
        return;
    }
    first_byte_given();
    end_answer();
}

void Exchange::end_answer() {
    std::string& out = connection_->output();
    if (is_event_stream_) {
        std::string end;
        stream::append_end(end, endpoint_.dialect);
        if (!end.empty()) give(end);
    }
    if (framing_ == Framing::kChunked) out += kLastChunk;
    is_over_ = true;
    phase_ = Phase::kOver;
    connection_->finish_exchange(may_keep_alive_);
}

void Exchange::fail(const sluice_error& error, const sluice_usage* usage) {
    if (!is_call_live_) return;
    is_call_live_ = false;
    call_.close();
    remember_usage(usage);
    if (const auto failure = plugin::failure_of(error)) blame_backend(*failure);
    if (!is_over_) {
        fail_answer(http::wire_error_of(error), (error.flags & SLUICE_ERROR_RELAYED) != 0);
        is_backends_answer_ = true;
    }
    end_call();
    recycle_if_orphaned();
}

void Exchange::fail_answer(const WireError& error, bool is_relayed) {
    extras().error_code = error.code;
    if (!has_given_) {
        if (has_begun_) connection_->rewind_output();
        has_begun_ = is_backends_answer_ = is_backends_head_ = false;
        sent_bytes_ = 0;
        return refuse(error);
    }
    if (!is_event_stream_) {
        is_over_ = true;
        phase_ = Phase::kOver;
        connection_->abort_exchange();
        return;
    }
    if (!is_relayed) {
        WireError shown = error;
        shown.code = "stream_error";
        std::string event;
        stream::append_error_event(event, endpoint_.dialect, shown);
        give(event);
        connection_->mark_output();
    }
    end_answer();
}

void Exchange::refuse(const WireError& error) {
    extras().error_code = error.code;
    http::Answer answer;
    answer.status = error.status;
    answer.body = error.json();
    if (error.status == 401) answer.headers.emplace_back("WWW-Authenticate", "Bearer");
    if (error.retry_after_ms > 0) {
        answer.headers.emplace_back("Retry-After", std::to_string((error.retry_after_ms + 999) / 1000));
    } else if (error.status == 429) {
        answer.headers.emplace_back("Retry-After", "1");
    }
    send_answer(answer);
}

void Exchange::send_answer(const http::Answer& answer) {
    std::vector<sluice_header> headers;
    for (const auto& [name, value] : answer.headers) headers.push_back({http::borrow(name), http::borrow(value)});
    sluice_response response{sizeof(sluice_response), 0,
                             answer.status,           0,
                             answer.body.size(),      http::borrow(answer.content_type),
                             headers.data(),          headers.size()};
    write_head(response);
    std::string_view body = answer.body;
    bool is_error = !error_code().empty();
    if (!is_error && !body.empty() && chain_.wants_chunks()) {
        body = chain_.run_chunk(as_plugin_exchange(*this), exchange_table(), {}, body).text;
        if (body.size() != answer.body.size()) {
            chain_.blame_last(observability::Misbehaviour::kUnsendable);
            return fail_answer(WireError::of("internal_error", "A middleware changed the length of an answer."), false);
        }
    }
    first_byte_given();
    give(body);
    end_answer();
}

void Exchange::take_cold_answer(const http::Answer& answer) {
    is_cold_ = false;
    if (!is_over_) {
        ended_by_ = observability::EndedBy::kHost;
        send_answer(answer);
    }
    recycle_if_orphaned();
}

}  // namespace sluice::net
