#include "call.hpp"

#include <utility>

#include "abi_text.hpp"
#include "upstream_error.hpp"

namespace sluice::openai {

Call::Call(const CallContext& context, sluice_call* call, const sluice_call_api* api, const sluice_request* request,
           UpstreamKey key)
    : context_(context),
      reply_(call, api),
      request_(request),
      key_(std::move(key)),
      started_ns_(context.state.now_ns()),
      exchange_(context.state, *this) {
    if (key_.is_clients()) client_mask_ = std::make_unique<KeyMask>(key_.text());
}

void Call::start() {
    const auto on_cancel = [](void* ctx) noexcept { static_cast<Call*>(ctx)->cancel(); };
    reply_.api().on_cancel(reply_.call(), on_cancel, this);
    const bool is_streamed = has_flag(SLUICE_REQUEST_BODY_STREAMED);
    if (is_streamed) {
        const auto on_broken = [](void* ctx) { static_cast<Call*>(ctx)->cancel(); };
        const bool is_chunked = framing_out(*request_) == BodyFramingOut::kChunked;
        upload_ = std::make_unique<Upload>(reply_.call(), &reply_.api(), exchange_, is_chunked, on_broken, this);
    }
    const bool is_head = to_view(request_->method) == "HEAD";
    exchange_.start({is_streamed ? std::string_view{} : to_view(request_->body), is_streamed, is_head, &mask()});
}

void Call::write_head(std::string& out) { context_.writer.append_head(*request_, key_.text(), out); }

bool Call::on_sent() {
    if (upload_ != nullptr) return upload_->go_on();
    reply_.api().release_body(reply_.call());
    return true;
}

bool Call::on_head(const ResponseHead& head) {
    context_.state.target.metrics.observe_first_byte(context_.state.now_ns() - started_ns_);
    context_.keys.judge(key_, head);
    return choose_relay(head);
}

bool Call::on_body(std::span<char> piece) {
    simdjson::dom::parser& parser = context_.state.parser;
    Flow flow = Flow::kMore;
    if (auto* const events = std::get_if<EventRelay>(&relay_))
        flow = events->on_body(piece, parser, reply_);
    else if (auto* const held = std::get_if<HeldRelay>(&relay_))
        flow = held->on_body(piece);
    else if (auto* const raw = std::get_if<RawRelay>(&relay_))
        raw->on_body(piece, reply_);
    return go_on(flow);
}

bool Call::on_batch_end() {
    if (auto* const held = std::get_if<HeldRelay>(&relay_)) {
        held->on_batch_end(context_.state.head, reply_);
        return go_on(Flow::kMore);
    }
    if (const auto* const events = std::get_if<EventRelay>(&relay_)) {
        const std::uint64_t grace_ms = events->grace_ms();
        if (grace_ms > 0) exchange_.set_timer(grace_ms);
    }
    if (reply_.take_full()) wait_for_client();
    return true;
}

void Call::on_end() {
    simdjson::dom::parser& parser = context_.state.parser;
    Flow flow = Flow::kFinish;
    if (auto* const events = std::get_if<EventRelay>(&relay_))
        flow = events->on_end(parser, reply_);
    else if (auto* const held = std::get_if<HeldRelay>(&relay_))
        flow = held->on_end(context_.state.head, parser, reply_);
    else if (auto* const raw = std::get_if<RawRelay>(&relay_))
        raw->on_end(reply_);
    go_on(flow);
}

void Call::on_failed(Failure failure) {
    if (auto* const events = std::get_if<EventRelay>(&relay_)) {
        go_on(events->on_broken(std::move(failure)));
        return;
    }
    fail(std::move(failure));
}

// The upstream has been silent since all choices were finished. If the client is what we wait for, it is not silence.
void Call::on_timer() {
    const auto* const events = std::get_if<EventRelay>(&relay_);
    if (events == nullptr || events->grace_ms() == 0) return;
    if (is_waiting_for_client_) return exchange_.set_timer(events->grace_ms());
    go_on(Flow::kFinish);
}

bool Call::choose_relay(const ResponseHead& head) {
    const bool is_head = to_view(request_->method) == "HEAD";
    if (head.status >= 300 && head.status < 400 && head.status != 304) {
        return refuse(upstream_failure("the upstream answered with a redirection, status " +
                                       std::to_string(head.status) + ", which is not followed"));
    }
    if (head.is_encoded() && !is_head) {
        if (!head.is_success()) return refuse(wrapped_failure(head.status, head.retry_after_in_ms()));
        return refuse(upstream_failure("the upstream answered with an encoded body, which was not asked for"));
    }
    const AnswerShape shape = shape_of_path(to_view(request_->path));
    const bool has_no_body = head.framing == Framing::kNone;
    if (is_head || (has_no_body && shape == AnswerShape::kAny)) return begin_raw(head);
    if (has_no_body) return refuse(upstream_failure("the upstream answered without a body"));
    if (!head.is_success()) return begin_held(head, AnswerShape::kAny);

    const bool wants_stream = has_flag(SLUICE_REQUEST_STREAM);
    if (head.is_event_stream()) {
        if (wants_stream || shape == AnswerShape::kAny) return begin_events(head);
        return refuse(upstream_failure("the upstream answered with an event stream, which was not asked for"));
    }
    const bool has_to_be_json = shape != AnswerShape::kAny || head.is_json();
    if (wants_stream && has_to_be_json) {
        return refuse(upstream_failure("the upstream answered a request for an event stream with something else"));
    }
    if (!has_flag(SLUICE_REQUEST_JSON)) return begin_raw(head);
    if (head.is_html()) return refuse(upstream_failure("the upstream answered with an HTML page"));
    return has_to_be_json ? begin_held(head, shape) : begin_raw(head);
}

bool Call::begin_events(const ResponseHead& head) {
    const Dialect dialect = dialect_of_path(to_view(request_->path));
    UsageWish wish = UsageWish::kNone;
    if (has_flag(SLUICE_REQUEST_WANTS_USAGE))
        wish = UsageWish::kRelay;
    else if (has_flag(SLUICE_REQUEST_USAGE_INJECTED))
        wish = UsageWish::kCount;
    relay_.emplace<EventRelay>(dialect, wish, request_->choice_count, mask());
    reply_.begin(head, head.content_type, SLUICE_LENGTH_UNKNOWN, SLUICE_RESPONSE_EVENTS);
    return go_on(Flow::kMore);
}

bool Call::begin_held(const ResponseHead& head, AnswerShape shape) {
    relay_.emplace<HeldRelay>(head, shape, context_.state.target.config.max_answer_bytes, mask());
    return true;
}

bool Call::begin_raw(const ResponseHead& head) {
    const bool has_length = head.framing == Framing::kLength || to_view(request_->method) == "HEAD";
    std::uint64_t length = has_length ? head.content_length : SLUICE_LENGTH_UNKNOWN;
    if (head.framing == Framing::kNone && !has_length) length = 0;
    relay_.emplace<RawRelay>(mask());
    reply_.begin(head, head.content_type, length, 0);
    return go_on(Flow::kMore);
}

// True if the exchange goes on. After false this object is gone.
bool Call::go_on(Flow flow) {
    if (reply_.is_refused()) {
        cancel();
        return false;
    }
    switch (flow) {
        case Flow::kMore: return true;
        case Flow::kFinish:
            exchange_.leave();
            finish();
            return false;
        case Flow::kFail: break;
    }
    exchange_.abort();
    fail(take_failure());
    return false;
}

bool Call::refuse(Failure failure) {
    exchange_.abort();
    fail(std::move(failure));
    return false;
}

void Call::wait_for_client() {
    const auto on_writable = [](void* ctx) noexcept {
        auto* const self = static_cast<Call*>(ctx);
        self->is_waiting_for_client_ = false;
        self->exchange_.resume();
    };
    exchange_.pause();
    is_waiting_for_client_ = true;
    reply_.api().on_writable(reply_.call(), on_writable, this);
}

void Call::cancel() {
    exchange_.abort();
    fail(cancelled_failure());
}

// The object is given back first: the host may start the next call inside the terminal one.
void Call::finish() {
    const Metrics& metrics = context_.state.target.metrics;
    metrics.count(reply_.http_status() >= 400 ? Outcome::kUpstreamError : Outcome::kSuccess);
    const sluice_call_api& api = reply_.api();
    sluice_call* const call = reply_.call();
    sluice_usage copy{};
    const sluice_usage* const used = usage();
    if (used != nullptr) copy = *used;
    context_.calls.recycle(this);
    api.finish(call, used != nullptr ? &copy : nullptr);
}

void Call::fail(Failure failure) {
    const Metrics& metrics = context_.state.target.metrics;
    const bool is_cancelled = failure.http_status == 499;
    metrics.count(is_cancelled ? Outcome::kCancelled : Outcome::kFailure);
    const sluice_call_api& api = reply_.api();
    sluice_call* const call = reply_.call();
    sluice_usage copy{};
    const sluice_usage* const used = usage();
    if (used != nullptr) copy = *used;
    context_.calls.recycle(this);
    const sluice_error error = to_abi(failure);
    api.fail(call, &error, used != nullptr ? &copy : nullptr);
}

const sluice_usage* Call::usage() const {
    if (const auto* const held = std::get_if<HeldRelay>(&relay_)) return held->usage();
    if (const auto* const events = std::get_if<EventRelay>(&relay_)) return events->usage();
    return nullptr;
}

Failure Call::take_failure() const {
    if (const auto* const held = std::get_if<HeldRelay>(&relay_)) return held->failure();
    return std::get<EventRelay>(relay_).failure();
}

}  // namespace sluice::openai
