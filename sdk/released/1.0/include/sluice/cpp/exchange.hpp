// One request and its answer, as middleware sees them.
#pragma once

#include "sluice/cpp/callback.hpp"
#include "sluice/cpp/error.hpp"
#include "sluice/cpp/request.hpp"
#include "sluice/cpp/response.hpp"
#include "sluice/cpp/text.hpp"
#include "sluice/ext/middleware.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice {
inline namespace v1 {

// What on_head and on_request decide.
enum class Verdict : std::int32_t {
    kContinue = SLUICE_CONTINUE,
    kReply = SLUICE_REPLY,     // after Exchange::reply()
    kRefuse = SLUICE_REFUSE,   // after Exchange::refuse()
    kPending = SLUICE_PENDING  // Exchange::resume() follows, exactly once
};

// What on_chunk decides.
enum class ChunkVerdict : std::int32_t {
    kPass = SLUICE_CHUNK_PASS,
    kReplace = SLUICE_CHUNK_REPLACE,  // by what was put into `replacement`
    kDrop = SLUICE_CHUNK_DROP,
    kEnd = SLUICE_CHUNK_END,   // drop it and end the answer cleanly here
    kFail = SLUICE_CHUNK_FAIL  // after Exchange::refuse()
};

// The middleware's end of one exchange. A small value: a copy may be kept until resume() after Verdict::kPending.
// Belongs to the exchange's loop, but for resume().
class Exchange {
public:
    Exchange(sluice_exchange* exchange, const sluice_exchange_api* api) noexcept : exchange_(exchange), api_(api) {}

    // For Loops::of().
    sluice_loop* loop() const noexcept { return api_->loop(exchange_); }

    // The request as it stands now; its body is there from on_request on.
    Request request() const noexcept { return Request(api_->request(exchange_)); }
    // Sets one line, whatever was there before. Only in on_head and on_request. SLUICE_E_INVALID if it fits no header.
    sluice_status set_request_header(std::string_view name, std::string_view value) noexcept {
        return api_->set_request_header(exchange_, to_str(name), to_str(value));
    }
    sluice_status remove_request_header(std::string_view name) noexcept { return set_request_header(name, {}); }
    // Replaces the JSON body; only in on_request. SLUICE_E_INVALID if it is not one JSON object.
    sluice_status set_body(std::string_view json) noexcept { return api_->set_body(exchange_, to_str(json)); }

    // Facts that later middleware, the log and the limits share: "key.id", "key.masked", "session.id".
    sluice_status set_attribute(std::string_view name, std::string_view value) noexcept {
        return api_->set_attribute(exchange_, to_str(name), to_str(value));
    }
    // Empty where it is not set.
    std::string_view attribute(std::string_view name) const noexcept {
        return to_view(api_->attribute(exchange_, to_str(name)));
    }

    // The head of the answer, once there is one.
    std::optional<Response> response() const noexcept {
        const sluice_response* response = api_->response(exchange_);
        return response != nullptr ? std::optional<Response>(Response(response)) : std::nullopt;
    }
    // From on_head on until on_response has returned.
    sluice_status set_response_header(std::string_view name, std::string_view value) noexcept {
        return api_->set_response_header(exchange_, to_str(name), to_str(value));
    }
    sluice_status remove_response_header(std::string_view name) noexcept { return set_response_header(name, {}); }

    // Gives the answer itself: `return exchange.reply(...)`.
    Verdict reply(const ResponseHead& head, std::string_view body) noexcept {
        const sluice_response response = head.to_abi();
        const sluice_status status = api_->reply(exchange_, &response, to_str(body));
        return status < 0 ? refuse(plain_error("internal_error", "The middleware's reply was not acceptable."))
                          : Verdict::kReply;
    }
    // Refuses the request: `return exchange.refuse(sluice::Error(...))`.
    Verdict refuse(const Error& error) noexcept { return refuse(error.to_abi()); }
    Verdict refuse(const sluice_error& error) noexcept {
        api_->refuse(exchange_, &error);
        return Verdict::kRefuse;
    }
    // Ends an answer that is on its way out: `return exchange.fail_chunk(sluice::Error(...))`.
    ChunkVerdict fail_chunk(const Error& error) noexcept {
        refuse(error);
        return ChunkVerdict::kFail;
    }

    // After Verdict::kPending, from every thread: goes on with `verdict` on the exchange's loop. reply() and refuse()
    // must have been called on the loop before.
    sluice_status resume(Verdict verdict) noexcept {
        return api_->resume(exchange_, static_cast<sluice_verdict>(verdict));
    }
    // While pending: calls `owner->*kMethod()` at most once, when the client leaves or a deadline passes.
    template <auto kMethod, class Owner>
    sluice_status on_cancel(Owner* owner) noexcept {
        return api_->on_cancel(exchange_, &run_method<kMethod, Owner>, owner);
    }
    // Ends that: for an owner that goes, or goes on to something else, before resume() takes effect.
    sluice_status forget_cancel() noexcept { return api_->on_cancel(exchange_, nullptr, nullptr); }

private:
    sluice_exchange* exchange_;
    const sluice_exchange_api* api_;
};

}  // namespace v1
}  // namespace sluice
