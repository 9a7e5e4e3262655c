#include "isolation/relayed_call.hpp"

#include <utility>

#include "isolation/credit.hpp"
#include "isolation/shared_attributes.hpp"
#include "isolation/wire_message.hpp"

namespace sluice::isolation {

namespace {

/// What waits in the socket and in here for a process that takes nothing: more is refused.
constexpr std::size_t kMaxQueuedBytes = 256u << 20;

sluice_str borrow(std::string_view text) { return {text.data(), text.size()}; }

bool is_data(FrameKind kind) { return kind == FrameKind::kBytes || kind == FrameKind::kEvent; }

/// A plugin's loss in the bytes of its own failure, so that it takes its turn behind what was said before.
std::string failure_payload(const Loss& loss) {
    std::string payload;
    PayloadWriter out(payload);
    sluice_error error = plain_error(loss.code, loss.message);
    error.retry_after_ms = loss.retry_after_ms;
    put_error(out, error);
    put_usage(out, nullptr);
    return payload;
}

}  // namespace

RelayedCall::RelayedCall(LoopLink& link, sluice_call* call, const sluice_call_api& api, const sluice_request& request)
    : link_(link), call_(call), api_(api), request_(&request) {
    api_.on_cancel(call_, &RelayedCall::on_cancelled, this);
}

void RelayedCall::begin(const std::shared_ptr<Channel>& channel) {
    channel_ = channel;
    if (channel_->queued_bytes() > kMaxQueuedBytes) {
        return on_loss({"backend_overloaded", "The plugin's process takes no more requests at the moment.", 1000});
    }
    channel_->send(FrameKind::kStart, id(), [this](PayloadWriter& out) {
        put_attributes(out, [this](std::string_view name) { return api_.attribute(call_, borrow(name)); });
        put_request(out, *request_);
        out.put_rest(request_->body);
    });
    api_.release_body(call_);
}

void RelayedCall::on_frame(const Frame& frame) {
    if (is_over_ || is_lost_) return;
    if (frame.kind == FrameKind::kWantBody) {
        api_.read_body(call_, &RelayedCall::on_body, this);
        return;
    }
    take(frame.kind, frame.payload);
}

void RelayedCall::on_loss(const Loss& loss) {
    if (is_over_ || is_lost_) return;
    is_lost_ = true;
    take(FrameKind::kFail, failure_payload(loss));
}

void RelayedCall::take(FrameKind kind, std::string_view payload) {
    if (!is_stalled_) return play(kind, payload);
    if (pending_bytes_ > 2 * kMaxUncreditedBytes) return link_.report_breach("it sent more than it had credit for");
    pending_bytes_ += payload.size();
    pending_.push_back({kind, std::string(payload)});
}

void RelayedCall::play_pending() {
    while (!is_stalled_ && !is_over_ && !pending_.empty()) {
        const Step step = std::move(pending_.front());
        pending_.pop_front();
        pending_bytes_ -= step.payload.size();
        play(step.kind, step.payload);
    }
}

void RelayedCall::play(FrameKind kind, std::string_view payload) {
    if (is_data(kind)) return play_data(kind, payload);
    switch (kind) {
        case FrameKind::kBegin: return play_begin(payload);
        case FrameKind::kAttribute: {
            PayloadReader in(payload);
            const sluice_str name = in.abi_text();
            api_.set_attribute(call_, name, in.abi_text());
            return;
        }
        case FrameKind::kFinish:
        case FrameKind::kFail: return play_end(kind, payload);
        default: link_.report_breach("it sent a frame that belongs to no call");
    }
}

void RelayedCall::play_begin(std::string_view payload) {
    PayloadReader in(payload);
    ReadResponse read = read_response(in);
    read.response.headers = read.headers.data();
    read.response.header_count = read.headers.size();
    if (!in.is_whole()) return link_.report_breach("it sent a malformed head of an answer");
    note(api_.begin(call_, &read.response));
}

void RelayedCall::play_data(FrameKind kind, std::string_view payload) {
    PayloadReader in(payload);
    sluice_status status = SLUICE_OK;
    std::size_t bytes = payload.size();
    if (kind == FrameKind::kBytes) {
        status = api_.write(call_, borrow(payload));
    } else {
        const std::string_view name = in.text();
        const std::string_view data = in.rest();
        bytes = name.size() + data.size();
        status = api_.write_event(call_, borrow(name), borrow(data));
    }
    note(status);
    credit_ += bytes;
    if (status == SLUICE_FULL) {
        is_stalled_ = true;
        api_.on_writable(call_, &RelayedCall::on_writable, this);
        return;
    }
    give_credit(kCreditStepBytes);
}

void RelayedCall::give_credit(std::size_t at_least) {
    if (credit_ < at_least || credit_ == 0) return;
    channel_->send(FrameKind::kCredit, id(), [this](PayloadWriter& out) { out.put(std::uint64_t{credit_}); });
    credit_ = 0;
}

void RelayedCall::note(sluice_status status) {
    // The plugin learns of it by the cancellation; its terminal call becomes the error.
    if (status >= 0 || has_bad_step_) return;
    has_bad_step_ = true;
    channel_->send(FrameKind::kCancel, id());
}

void RelayedCall::play_end(FrameKind kind, std::string_view payload) {
    PayloadReader in(payload);
    const sluice_error error = kind == FrameKind::kFail ? read_error(in) : sluice_error{};
    const auto usage = read_usage(in);
    const sluice_usage* const used = usage ? &*usage : nullptr;
    if (!in.is_whole()) return link_.report_breach("it sent a malformed end of an answer");
    if (!is_lost_) link_.report_success();
    is_over_ = true;
    if (kind == FrameKind::kFail) {
        api_.fail(call_, &error, used);
    } else if (has_bad_step_) {
        const sluice_error bad = plain_error("internal_error", "The backend gave something that cannot be sent.");
        api_.fail(call_, &bad, used);
    } else {
        api_.finish(call_, used);
    }
    link_.end(id());
}

void RelayedCall::on_writable(void* ctx) noexcept {
    auto& call = *static_cast<RelayedCall*>(ctx);
    const auto self = call.shared_from_this();
    call.is_stalled_ = false;
    call.give_credit(1);
    call.play_pending();
}

void RelayedCall::on_cancelled(void* ctx) noexcept {
    auto& call = *static_cast<RelayedCall*>(ctx);
    if (call.is_over_) return;
    const auto self = call.shared_from_this();
    if (!call.channel_) return call.on_loss({"cancelled", "The client has left.", 0});
    call.channel_->send(FrameKind::kCancel, call.id());
    call.link_.expect_end(call.id());
    // Nobody will say any more that the client takes bytes again.
    call.is_stalled_ = false;
    call.play_pending();
}

void RelayedCall::on_body(void* ctx, sluice_status status, sluice_str bytes, std::int32_t is_last) noexcept {
    RelayedCall& call = *static_cast<RelayedCall*>(ctx);
    call.channel_->send(FrameKind::kBodyPiece, call.id(), [&](PayloadWriter& out) {
        out.put(status).put(static_cast<std::uint8_t>(is_last != 0)).put_rest(bytes);
    });
}

}  // namespace sluice::isolation
