#include "isolation/relayed_exchange.hpp"

#include <utility>

#include "isolation/hook_edit.hpp"
#include "isolation/shared_attributes.hpp"
#include "isolation/wire_message.hpp"

namespace sluice::isolation {

namespace {

sluice_str borrow_text(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

sluice_verdict RelayedExchange::on_head(sluice_exchange* exchange, const sluice_exchange_api& api) {
    return plugin_.has(kHasOnHead) ? ask(FrameKind::kHeadHook, exchange, api) : SLUICE_CONTINUE;
}

sluice_verdict RelayedExchange::on_request(sluice_exchange* exchange, const sluice_exchange_api& api) {
    return ask(FrameKind::kRequestHook, exchange, api);
}

sluice_verdict RelayedExchange::ask(FrameKind hook, sluice_exchange* exchange, const sluice_exchange_api& api) {
    hook_ = hook;
    exchange_ = exchange;
    api_ = &api;
    is_inside_hook_ = true;
    if (!std::exchange(is_submitted_, true)) {
        link_.submit(shared_from_this());
    } else if (!loss_) {
        send_hook();
    }
    is_inside_hook_ = false;
    if (loss_) {
        refuse();
        exchange_ = nullptr;
        return SLUICE_REFUSE;
    }
    api.on_cancel(exchange, &RelayedExchange::on_cancelled, this);
    return SLUICE_PENDING;
}

void RelayedExchange::begin(const std::shared_ptr<Channel>& channel) {
    channel_ = channel;
    if (exchange_) send_hook();
}

void RelayedExchange::send_hook() {
    channel_->send(hook_, id(), [this](PayloadWriter& out) {
        put_head(out, exchange_, *api_, true);
        if (hook_ == FrameKind::kRequestHook) out.put_rest(api_->request(exchange_)->body);
    });
}

// {u8 has request, [attributes, text with the request]}: as ServedExchange reads it.
void RelayedExchange::put_head(PayloadWriter& out, sluice_exchange* exchange, const sluice_exchange_api& api,
                               bool is_needed) {
    const bool has_request = is_needed || !std::exchange(knows_request_, true);
    out.put(static_cast<std::uint8_t>(has_request));
    if (!has_request) return;
    knows_request_ = true;
    put_attributes(out, [&](std::string_view name) { return api.attribute(exchange, borrow_text(name)); });
    std::string head;
    PayloadWriter writer(head);
    put_request(writer, *api.request(exchange));
    out.put(std::string_view(head));
}

void RelayedExchange::on_frame(const Frame& frame) {
    if (frame.kind != FrameKind::kVerdict || !exchange_) {
        return link_.report_breach("it sent a frame that belongs to no hook");
    }
    PayloadReader in(frame.payload);
    auto verdict = in.get<sluice_verdict>();
    const std::string_view edits = in.text();
    if (!in.is_whole()) return link_.report_breach("it sent a malformed verdict");
    link_.report_success();
    sluice_exchange* const exchange = std::exchange(exchange_, nullptr);
    if (!apply_edits(edits, exchange, *api_)) {
        const sluice_error error =
            plain_error("internal_error", "A middleware changed the request in a way that cannot be.");
        api_->refuse(exchange, &error);
        verdict = SLUICE_REFUSE;
    }
    api_->resume(exchange, verdict);
}

void RelayedExchange::on_cancelled(void* ctx) noexcept {
    auto& self = *static_cast<RelayedExchange*>(ctx);
    if (!self.exchange_) return;
    if (!self.channel_) return self.lose({"cancelled", "The client has left.", 0});
    self.channel_->send(FrameKind::kPendingCancelled, self.id());
    self.link_.expect_end(self.id());
}

void RelayedExchange::on_loss(const Loss& loss) { lose(loss); }

void RelayedExchange::lose(const Loss& loss) {
    if (loss_) return;
    loss_ = loss;
    if (!exchange_ || is_inside_hook_) return;
    refuse();
    api_->resume(std::exchange(exchange_, nullptr), SLUICE_REFUSE);
}

void RelayedExchange::refuse() {
    sluice_error error = plain_error(loss_->code, loss_->message);
    error.retry_after_ms = loss_->retry_after_ms;
    api_->refuse(exchange_, &error);
}

bool RelayedExchange::reach_process() {
    if (loss_) return false;
    if (!std::exchange(is_submitted_, true)) link_.submit(shared_from_this());
    if (!channel_) lose({"backend_unavailable", "A middleware's process is being started again.", 1000});
    return !loss_;
}

template <class Fill, class Take>
bool RelayedExchange::wait_for(FrameKind hook, FrameKind answer, Fill&& fill, Take&& take) {
    channel_->send(hook, id(), fill);
    const auto is_answer = [this, answer](const Frame& frame) { return frame.id == id() && frame.kind == answer; };
    if (channel_->wait_for(is_answer, take, kHookPatience)) return true;
    link_.report_breach("a hook did not return in " + std::to_string(kHookPatience.count()) + " ms");
    lose({"backend_error", "A middleware's process ended, or did not answer in time.", 0});
    return false;
}

void RelayedExchange::on_response(sluice_exchange* exchange, const sluice_exchange_api& api) {
    if (!reach_process()) return;  // on_chunk, which follows, fails the exchange
    wait_for(
        FrameKind::kResponseHook, FrameKind::kResponseDone,
        [&](PayloadWriter& out) {
            put_head(out, exchange, api, true);
            put_response(out, *api.response(exchange));
        },
        [&](const Frame& frame) {
            PayloadReader in(frame.payload);
            apply_edits(in.text(), exchange, api);
        });
}

sluice_chunk_verdict RelayedExchange::on_chunk(sluice_exchange* exchange, const sluice_exchange_api& api,
                                               sluice_str name, sluice_str data, sluice_text_sink replacement) {
    sluice_chunk_verdict verdict = SLUICE_CHUNK_PASS;
    bool has_answer = !loss_;
    if (has_answer && plugin_.has(kHasOnChunk)) {
        has_answer = reach_process() && wait_for(
                                            FrameKind::kChunkHook, FrameKind::kChunkVerdict,
                                            [&](PayloadWriter& out) {
                                                put_head(out, exchange, api, false);
                                                out.put(name).put_rest(data);
                                            },
                                            [&](const Frame& frame) {
                                                PayloadReader in(frame.payload);
                                                verdict = in.get<sluice_chunk_verdict>();
                                                apply_edits(in.text(), exchange, api);
                                                replacement.put(replacement.ctx, borrow_text(in.rest()));
                                            });
    }
    if (has_answer) return verdict;
    const sluice_error error = plain_error(loss_->code, loss_->message);
    api.refuse(exchange, &error);
    return SLUICE_CHUNK_FAIL;
}

void RelayedExchange::on_complete(const sluice_summary& summary) {
    const auto self = shared_from_this();
    if (plugin_.has(kHasOnComplete) && !is_submitted_) reach_process();
    if (channel_ && !loss_) {
        channel_->send(FrameKind::kComplete, id(), [&](PayloadWriter& out) { put_summary(out, summary); });
    }
    exchange_ = nullptr;
    link_.end(id());
}

}  // namespace sluice::isolation
