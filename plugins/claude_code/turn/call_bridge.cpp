#include "turn/call_bridge.hpp"

#include <new>
#include <utility>

namespace sluice::claude_code {

std::shared_ptr<CallBridge> CallBridge::open(Call&& call, Loop call_loop, Loop home) {
    auto bridge = std::make_shared<CallBridge>(std::move(call), call_loop, home);
    bridge->listen();
    return bridge;
}

CallBridge::CallBridge(Call&& call, Loop call_loop, Loop home)
    : call_(std::move(call)), call_loop_(call_loop), home_(home), is_one_loop_(call_loop.raw() == home.raw()) {}

// `work` is noexcept, but for running out of memory; then the call stays open until its deadline cancels it.
template <class Work>
void CallBridge::on_call_loop(Work work) {
    if (is_one_loop_) return work();
    call_loop_.post([bridge = shared_from_this(), work = std::move(work)]() mutable noexcept { work(); });
}

template <class Work>
void CallBridge::on_home(Work work) {
    if (is_one_loop_) return work();
    home_.post([bridge = shared_from_this(), work = std::move(work)]() mutable noexcept { work(); });
}

void CallBridge::listen() {
    keep_ = shared_from_this();
    call_.on_cancel<&CallBridge::cancelled>(this);
}

void CallBridge::cancelled() noexcept {
    const std::shared_ptr<CallBridge> alive = keep_;
    call_.fail(plain_error("cancelled", "The client has left."));
    end();
    on_home([this]() noexcept {
        has_left_ = true;
        if (user_ != nullptr) user_->on_client_left();
    });
}

// The gateway has ended the answer, a middleware most often: the status says so, no cancel comes. Posted even on one
// loop, since whoever writes is in the middle of its work.
void CallBridge::refused() noexcept {
    call_.fail(plain_error("cancelled", "The answer was ended."));
    home_.post([bridge = shared_from_this()]() noexcept {
        bridge->has_left_ = true;
        if (bridge->user_ != nullptr) bridge->user_->on_client_left();
    });
    end();
}

void CallBridge::writable() noexcept {
    on_home([this]() noexcept {
        is_full_ = false;
        if (user_ != nullptr && !has_left_) user_->on_client_ready();
    });
}

void CallBridge::begin(const SessionHead& head, ResponseHead response) {
    call_.set_attribute("session.id", head.session_id);
    response.add_header("X-Claude-Session-ID", head.session_id);
    if (head.is_session_new) response.add_header("X-Claude-Session-Created", "true");
    if (!head.ignored_params.empty()) response.add_header("X-Claude-Ignored-Params", head.ignored_params);
    call_.begin(response);
}

void CallBridge::begin_stream(SessionHead head) {
    on_call_loop([this, head = std::move(head)]() { begin(head, ResponseHead::events()); });
}

void CallBridge::write_event(std::string json) {
    on_call_loop([this, json = std::move(json)]() {
        if (!call_) return;
        const sluice_status status = call_.write_event(json);
        if (status == SLUICE_CANCELLED) return refused();
        if (status != SLUICE_FULL) return;
        // Known over there before the client can have taken anything.
        on_home([this]() noexcept { is_full_ = true; });
        call_.on_writable<&CallBridge::writable>(this);
    });
}

void CallBridge::finish_stream(std::optional<Usage> usage) {
    on_call_loop([this, usage]() {
        usage ? call_.finish(*usage) : call_.finish();
        end();
    });
}

void CallBridge::answer(SessionHead head, std::string json, std::optional<Usage> usage) {
    on_call_loop([this, head = std::move(head), json = std::move(json), usage]() {
        begin(head, ResponseHead::body(200, "application/json", json.size()));
        call_.write(json);
        usage ? call_.finish(*usage) : call_.finish();
        end();
    });
}

void CallBridge::fail(Error error, std::optional<Usage> usage) {
    on_call_loop([this, error = std::move(error), usage]() {
        call_.fail(error.to_abi(), usage ? &*usage : nullptr);
        end();
    });
}

}  // namespace sluice::claude_code
