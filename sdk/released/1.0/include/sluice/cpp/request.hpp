// One client request.
#pragma once

#include "sluice/cpp/headers.hpp"
#include "sluice/cpp/text.hpp"
#include "sluice/message.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice {
inline namespace v1 {

// A view of a request: valid, with all it shows, until the call's terminal call or until the middleware's hook returns.
class Request {
public:
    explicit Request(const sluice_request* request) noexcept : request_(request) {}

    const sluice_request* raw() const noexcept { return request_; }

    std::string_view request_id() const noexcept { return to_view(request_->request_id); }
    std::string_view method() const noexcept { return to_view(request_->method); }
    // "/v1/chat/completions", as it was sent, without the query.
    std::string_view path() const noexcept { return to_view(request_->path); }
    std::string_view query() const noexcept { return to_view(request_->query); }
    // The body's "model"; empty where there is none.
    std::string_view model() const noexcept { return to_view(request_->model); }
    std::string_view client_address() const noexcept { return to_view(request_->client_address); }
    Headers headers() const noexcept { return Headers(request_->headers, request_->header_count); }
    std::optional<std::string_view> header(std::string_view name) const noexcept { return headers().find(name); }

    // The body as the client sent it. SLUICE_BODY_PADDING readable bytes follow it.
    std::string_view body() const noexcept { return to_view(request_->body); }
    // In bytes; SLUICE_LENGTH_UNKNOWN while it is still being sent.
    std::uint64_t body_length() const noexcept { return request_->body_length; }
    // The body's "n"; 1 where there is none.
    std::uint64_t choice_count() const noexcept { return request_->choice_count; }

    bool is_stream() const noexcept { return has_flag(SLUICE_REQUEST_STREAM); }
    // body() is whole and one valid JSON object.
    bool is_json() const noexcept { return has_flag(SLUICE_REQUEST_JSON); }
    // body() is empty: fetch it with Call::read_body().
    bool is_body_streamed() const noexcept { return has_flag(SLUICE_REQUEST_BODY_STREAMED); }
    bool wants_usage() const noexcept { return has_flag(SLUICE_REQUEST_WANTS_USAGE); }
    bool is_usage_injected() const noexcept { return has_flag(SLUICE_REQUEST_USAGE_INJECTED); }

private:
    bool has_flag(sluice_request_flag flag) const noexcept {
        return (request_->flags & static_cast<std::uint32_t>(flag)) != 0;
    }

    const sluice_request* request_;
};

}  // namespace v1
}  // namespace sluice
