// The head of an answer: one to give, one to look at.
#pragma once

#include "sluice/cpp/headers.hpp"
#include "sluice/cpp/text.hpp"
#include "sluice/message.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace sluice {
inline namespace v1 {

// The head of an answer to give. Borrows all text until it was passed on.
class ResponseHead {
public:
    // An event stream.
    static ResponseHead events(int http_status = 200) { return ResponseHead(http_status, SLUICE_RESPONSE_EVENTS); }
    // A body; its length in bytes where it is known.
    static ResponseHead body(int http_status, std::string_view content_type,
                             std::uint64_t content_length = SLUICE_LENGTH_UNKNOWN) {
        ResponseHead head(http_status, 0);
        head.content_type_ = content_type;
        head.content_length_ = content_length;
        return head;
    }

    // A further header; none of the hop-by-hop, length, type or framing ones.
    ResponseHead& add_header(std::string_view name, std::string_view value) {
        headers_.push_back(sluice_header{to_str(name), to_str(value)});
        return *this;
    }

    // The same for the ABI. Borrows: valid while this object is unchanged.
    sluice_response to_abi() const noexcept {
        return sluice_response{sizeof(sluice_response), flags_,          http_status_,   0, content_length_,
                               to_str(content_type_),   headers_.data(), headers_.size()};
    }

private:
    ResponseHead(int http_status, std::uint32_t flags) : http_status_(http_status), flags_(flags) {}

    std::int32_t http_status_;
    std::uint32_t flags_;
    std::uint64_t content_length_ = SLUICE_LENGTH_UNKNOWN;
    std::string_view content_type_;
    std::vector<sluice_header> headers_;
};

// A view of the head of an answer that is on its way out. Valid until the hook returns or changes it.
class Response {
public:
    explicit Response(const sluice_response* response) noexcept : response_(response) {}

    const sluice_response* raw() const noexcept { return response_; }

    int http_status() const noexcept { return response_->http_status; }
    bool is_events() const noexcept {
        return (response_->flags & static_cast<std::uint32_t>(SLUICE_RESPONSE_EVENTS)) != 0;
    }
    std::string_view content_type() const noexcept { return to_view(response_->content_type); }
    // In bytes, or SLUICE_LENGTH_UNKNOWN; means nothing for events.
    std::uint64_t content_length() const noexcept { return response_->content_length; }
    Headers headers() const noexcept { return Headers(response_->headers, response_->header_count); }
    std::optional<std::string_view> header(std::string_view name) const noexcept { return headers().find(name); }

private:
    const sluice_response* response_;
};

}  // namespace v1
}  // namespace sluice
