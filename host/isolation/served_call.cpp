#include "isolation/served_call.hpp"

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

#include "isolation/credit.hpp"
#include "isolation/shared_attributes.hpp"

namespace sluice::isolation {

ServedCall::ServedCall(const Loop& loop, std::shared_ptr<Channel> channel, std::uint64_t id,
                       std::function<void()> on_end)
    : loop_(loop), channel_(std::move(channel)), id_(id), on_end_(std::move(on_end)) {}

bool ServedCall::read(std::string_view payload) {
    payload_.reserve(payload.size() + SLUICE_BODY_PADDING);
    payload_.assign(payload).append(SLUICE_BODY_PADDING, '\0');
    PayloadReader in(std::string_view(payload_).substr(0, payload.size()));
    read_attributes(in, attributes_);
    read_ = read_request(in);
    const std::string_view body = in.rest();
    read_.request.headers = read_.headers.data();
    read_.request.header_count = read_.headers.size();
    read_.request.body = {body.data(), body.size()};
    return in.is_good();
}

void ServedCall::take_credit(std::uint64_t bytes) {
    uncredited_bytes_ -= static_cast<std::size_t>(std::min<std::uint64_t>(bytes, uncredited_bytes_));
    if (uncredited_bytes_ <= kCreditWindowBytes) on_writable_.run();
}

void ServedCall::take_body(sluice_status status, std::string_view bytes, bool is_last) {
    if (const auto fn = std::exchange(body_fn_, nullptr)) {
        fn(body_ctx_, status, {bytes.data(), bytes.size()}, is_last ? 1 : 0);
    }
}

void ServedCall::cancel() {
    is_cancelled_ = true;
    // Each of these may make the terminal call, after which the others are not set any more.
    take_body(SLUICE_CANCELLED, {}, true);
    on_cancel_.run();
}

sluice_status ServedCall::begin(const sluice_response& response) {
    if (is_over_ || is_cancelled_) return SLUICE_CANCELLED;
    if (has_begun_) return SLUICE_E_STATE;
    if (response.http_status < 200 || response.http_status > 599) return SLUICE_E_INVALID;
    has_begun_ = true;
    is_event_stream_ = (response.flags & SLUICE_RESPONSE_EVENTS) != 0;
    channel_->send(FrameKind::kBegin, id_, [&](PayloadWriter& out) { put_response(out, response); });
    return SLUICE_OK;
}

sluice_status ServedCall::state_for(bool is_event) const noexcept {
    if (is_over_ || is_cancelled_) return SLUICE_CANCELLED;
    return has_begun_ && is_event_stream_ == is_event ? SLUICE_OK : SLUICE_E_STATE;
}

sluice_status ServedCall::write(std::string_view bytes) {
    if (const sluice_status state = state_for(false); state != SLUICE_OK) return state;
    if (bytes.empty()) return SLUICE_OK;
    if (uncredited_bytes_ > kMaxUncreditedBytes) return refuse_more();
    channel_->send(FrameKind::kBytes, id_, [&](PayloadWriter& out) { out.put_rest({bytes.data(), bytes.size()}); });
    return spend(bytes.size());
}

sluice_status ServedCall::write_event(std::string_view name, std::string_view data) {
    if (const sluice_status state = state_for(true); state != SLUICE_OK) return state;
    if (name.find_first_of("\r\n") != std::string_view::npos || data.find_first_of("\r\n") != std::string_view::npos) {
        return SLUICE_E_INVALID;
    }
    if (uncredited_bytes_ > kMaxUncreditedBytes) return refuse_more();
    channel_->send(FrameKind::kEvent, id_, [&](PayloadWriter& out) {
        out.put(name).put_rest({data.data(), data.size()});
    });
    return spend(name.size() + data.size());
}

sluice_status ServedCall::spend(std::size_t bytes) {
    uncredited_bytes_ += bytes;
    return uncredited_bytes_ > kCreditWindowBytes ? SLUICE_FULL : SLUICE_OK;
}

sluice_status ServedCall::refuse_more() {
    has_ignored_full_ = is_cancelled_ = true;
    return SLUICE_CANCELLED;
}

sluice_status ServedCall::when_writable(sluice_callback_fn fn, void* ctx) {
    on_writable_ = {fn, ctx};
    // Without anything under way no credit will come to tell.
    if (uncredited_bytes_ <= kCreditWindowBytes) {
        post([self = shared_from_this()] { self->on_writable_.run(); });
    }
    return SLUICE_OK;
}

sluice_status ServedCall::when_cancelled(sluice_callback_fn fn, void* ctx) {
    on_cancel_ = {fn, ctx};
    return SLUICE_OK;
}

sluice_status ServedCall::set_attribute(std::string_view name, std::string_view value) {
    if (!attributes_.set(name, value)) return SLUICE_E_INVALID;
    channel_->send(FrameKind::kAttribute, id_, [&](PayloadWriter& out) { out.put(name).put(value); });
    return SLUICE_OK;
}

sluice_status ServedCall::read_body(sluice_body_fn fn, void* ctx) {
    if (body_fn_) return SLUICE_E_STATE;
    if (is_cancelled_) {
        fn(ctx, SLUICE_CANCELLED, {}, 1);
        return SLUICE_OK;
    }
    body_fn_ = fn;
    body_ctx_ = ctx;
    channel_->send(FrameKind::kWantBody, id_);
    return SLUICE_OK;
}

void ServedCall::finish(const sluice_usage* usage) {
    if (is_over_) return;
    if (has_ignored_full_) {
        return fail(plain_error("internal_error", "The backend ignored that the client reads too slowly."), usage);
    }
    channel_->send(FrameKind::kFinish, id_, [&](PayloadWriter& out) { put_usage(out, usage); });
    end();
}

void ServedCall::fail(const sluice_error& error, const sluice_usage* usage) {
    if (is_over_) return;
    channel_->send(FrameKind::kFail, id_, [&](PayloadWriter& out) {
        put_error(out, error);
        put_usage(out, usage);
    });
    end();
}

void ServedCall::end() {
    const auto self = shared_from_this();
    is_over_ = true;
    on_writable_ = on_cancel_ = {};
    body_fn_ = nullptr;
    on_end_();
}

void ServedCall::break_off(observability::Misbehaviour, std::string_view message) {
    if (is_over_) return;
    constexpr std::string_view kCode = "internal_error";
    sluice_error error{};
    error.struct_size = sizeof error;
    error.code = {kCode.data(), kCode.size()};
    error.message = {message.data(), message.size()};
    fail(error, nullptr);
}

bool ServedCall::post(std::function<void()> task) {
    try {
        return loop_.post([task = std::move(task)]() noexcept { task(); }) == SLUICE_OK;
    } catch (const std::bad_alloc&) {
        return false;
    }
}

}  // namespace sluice::isolation
