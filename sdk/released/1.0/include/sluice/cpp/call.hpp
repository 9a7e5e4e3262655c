// One call to a backend: what it answers with.
#pragma once

#include "sluice/cpp/callback.hpp"
#include "sluice/cpp/error.hpp"
#include "sluice/cpp/log.hpp"
#include "sluice/cpp/request.hpp"
#include "sluice/cpp/response.hpp"
#include "sluice/cpp/text.hpp"
#include "sluice/cpp/usage.hpp"
#include "sluice/ext/backend.h"

#include <cstdint>
#include <string_view>
#include <utility>

namespace sluice {
inline namespace v1 {

// The backend's end of one call: begin(), then write() or write_event() any number of times, then finish() or fail(),
// after which the object is empty. A call that is destroyed before that fails with internal_error, so no client waits
// for ever. Until the first byte or event, fail() is an ordinary error answer with its real status.
//
// On an empty object nothing happens: what returns a status gives SLUICE_E_STATE, is_cancelled() is true. Only
// request() and loop() need a living call.
//
// Belongs to the call's loop (asynchronous) or to its worker (synchronous); another thread posts to the loop.
// A status that is returned is a sluice_status_code: SLUICE_FULL says "taken, now wait for on_writable()",
// SLUICE_CANCELLED "stop working and end the call".
class Call {
public:
    Call() noexcept = default;
    Call(const sluice_host* host, sluice_call* call, const sluice_call_api* api, const sluice_request* request) noexcept
        : host_(host), call_(call), api_(api), request_(request) {}
    Call(Call&& other) noexcept
        : host_(other.host_), call_(std::exchange(other.call_, nullptr)), api_(other.api_), request_(other.request_) {}
    Call& operator=(Call&& other) noexcept {
        if (this != &other) {
            abandon();
            host_ = other.host_;
            call_ = std::exchange(other.call_, nullptr);
            api_ = other.api_;
            request_ = other.request_;
        }
        return *this;
    }
    ~Call() { abandon(); }

    // False once the call has ended or was moved away.
    explicit operator bool() const noexcept { return call_ != nullptr; }
    Request request() const noexcept { return Request(request_); }
    // For Loops::of(); null for a synchronous backend.
    sluice_loop* loop() const noexcept { return api_->loop(call_); }

    sluice_status begin(const ResponseHead& head) noexcept { return begin(head.to_abi()); }
    sluice_status begin(const sluice_response& response) noexcept {
        return call_ != nullptr ? api_->begin(call_, &response) : SLUICE_E_STATE;
    }
    // Bytes of the body: all taken or none.
    sluice_status write(std::string_view bytes) noexcept {
        return call_ != nullptr ? api_->write(call_, to_str(bytes)) : SLUICE_E_STATE;
    }
    // One event: one JSON value without line ends. Not "[DONE]", which is the host's.
    sluice_status write_event(std::string_view data, std::string_view name = {}) noexcept {
        return call_ != nullptr ? api_->write_event(call_, to_str(name), to_str(data)) : SLUICE_E_STATE;
    }
    // Calls `owner->*kMethod()` once, when the client's queue has room again. Asynchronous backends only.
    template <auto kMethod, class Owner>
    sluice_status on_writable(Owner* owner) noexcept {
        return call_ != nullptr ? api_->on_writable(call_, &run_method<kMethod, Owner>, owner) : SLUICE_E_STATE;
    }
    // Calls `owner->*kMethod()` at most once, when the call is over for the client; the terminal call is still owed.
    // With a synchronous backend it runs on another thread, beside start().
    template <auto kMethod, class Owner>
    sluice_status on_cancel(Owner* owner) noexcept {
        return call_ != nullptr ? api_->on_cancel(call_, &run_method<kMethod, Owner>, owner) : SLUICE_E_STATE;
    }
    bool is_cancelled() const noexcept { return call_ == nullptr || api_->is_cancelled(call_) != 0; }

    // Calls `owner->*kMethod(sluice_status, std::string_view bytes, bool is_last)` once with the next piece of a
    // streamed request body, possibly before it returns.
    template <auto kMethod, class Owner>
    sluice_status read_body(Owner* owner) noexcept {
        return call_ != nullptr ? api_->read_body(call_, &run_body_method<kMethod, Owner>, owner) : SLUICE_E_STATE;
    }
    // request().body() is not needed any more.
    void release_body() noexcept {
        if (call_ != nullptr) {
            api_->release_body(call_);
        }
    }

    // Facts about the exchange: those that middleware has set ("key.id", "key.masked"); empty where it is not set.
    // Valid until the next set_attribute() or terminal call.
    std::string_view attribute(std::string_view name) const noexcept {
        return call_ != nullptr ? to_view(api_->attribute(call_, to_str(name))) : std::string_view();
    }
    // For the log and the middleware on the way out ("session.id").
    sluice_status set_attribute(std::string_view name, std::string_view value) noexcept {
        return call_ != nullptr ? api_->set_attribute(call_, to_str(name), to_str(value)) : SLUICE_E_STATE;
    }

    // Terminal.
    void finish() noexcept { finish_with(nullptr); }
    void finish(const Usage& used) noexcept {
        const sluice_usage usage = used.to_abi();
        finish_with(&usage);
    }
    void fail(const Error& error) noexcept { fail(error.to_abi()); }
    void fail(const sluice_error& error, const Usage* used = nullptr) noexcept {
        const sluice_usage usage = used != nullptr ? used->to_abi() : sluice_usage{};
        if (sluice_call* call = std::exchange(call_, nullptr)) {
            api_->fail(call, &error, used != nullptr ? &usage : nullptr);
        }
    }
    // Terminal, while an exception is being handled: fails with it, and logs what the client must not see. On an empty
    // call it only logs.
    void fail_with_current_exception() noexcept {
        report_current_exception([this](const sluice_error& error, std::string_view detail) {
            if (!detail.empty()) {
                Log(host_).error(detail);
            }
            fail(error);
        });
    }

private:
    template <auto kMethod, class Owner>
    static void run_body_method(void* ctx, sluice_status status, sluice_str bytes, std::int32_t is_last) noexcept {
        run_method<kMethod, Owner, sluice_status, std::string_view, bool>(ctx, status, to_view(bytes), is_last != 0);
    }
    void finish_with(const sluice_usage* usage) noexcept {
        if (sluice_call* call = std::exchange(call_, nullptr)) {
            api_->finish(call, usage);
        }
    }
    void abandon() noexcept { fail(plain_error("internal_error", kGivenUp)); }

    const sluice_host* host_ = nullptr;
    sluice_call* call_ = nullptr;
    const sluice_call_api* api_ = nullptr;
    const sluice_request* request_ = nullptr;
};

}  // namespace v1
}  // namespace sluice
