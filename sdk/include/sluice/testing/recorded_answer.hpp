// What a fake took down of an answer: heads, errors and usage as values of their own.
#pragma once

#include "sluice/cpp/headers.hpp"
#include "sluice/cpp/text.hpp"
#include "sluice/cpp/usage.hpp"
#include "sluice/error.h"
#include "sluice/message.h"
#include "sluice/testing/breaches.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {
namespace testing {

struct RecordedHead {
    int http_status = 0;
    bool is_events = false;
    std::uint64_t content_length = SLUICE_LENGTH_UNKNOWN;
    std::string content_type;
    std::vector<std::pair<std::string, std::string>> headers;

    std::optional<std::string> header(std::string_view name) const {
        for (const auto& header : headers) {
            if (equals_ignoring_case(header.first, name)) {
                return header.second;
            }
        }
        return std::nullopt;
    }
};

struct RecordedError {
    std::string code;
    std::string type;
    std::string param;
    std::string message;
    int http_status = 0;
    std::uint32_t retry_after_ms = 0;
    std::uint32_t flags = 0;
};

struct RecordedEvent {
    std::string name;
    std::string data;
};

// Copies a head, and notes in `breaches` what does not belong in one.
inline RecordedHead record_head(const sluice_response& response, Breaches& breaches) {
    constexpr std::string_view kNotAllowed[] = {"connection", "content-length",    "content-type", "keep-alive",
                                                "trailer",    "transfer-encoding", "upgrade"};
    RecordedHead head;
    head.http_status = response.http_status;
    head.is_events = (response.flags & static_cast<std::uint32_t>(SLUICE_RESPONSE_EVENTS)) != 0;
    head.content_length = head.is_events ? SLUICE_LENGTH_UNKNOWN : response.content_length;
    head.content_type = to_view(response.content_type);
    if (head.http_status < 200 || head.http_status > 599) {
        breaches.add("an answer begins with status " + std::to_string(head.http_status) + ", expected 200 to 599");
    }
    for (const sluice_header& header : Headers(response.headers, response.header_count)) {
        head.headers.emplace_back(to_view(header.name), to_view(header.value));
        for (const std::string_view name : kNotAllowed) {
            if (equals_ignoring_case(to_view(header.name), name)) {
                breaches.add("an answer has the header \"" + std::string(name) + "\", which is the host's");
            }
        }
    }
    return head;
}

inline RecordedError record_error(const sluice_error& error, Breaches& breaches) {
    RecordedError recorded;
    recorded.code = to_view(error.code);
    recorded.type = to_view(error.type);
    recorded.param = to_view(error.param);
    recorded.message = to_view(error.message);
    recorded.http_status = error.http_status;
    recorded.retry_after_ms = error.retry_after_ms;
    recorded.flags = error.flags;
    if (recorded.code.empty() || recorded.message.empty()) {
        breaches.add("an error needs a code and a message, found code \"" + recorded.code + "\" and message \"" +
                     recorded.message + "\"");
    }
    return recorded;
}

inline Usage record_usage(const sluice_usage& usage) noexcept {
    return Usage{usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens,
                 (usage.flags & static_cast<std::uint32_t>(SLUICE_USAGE_ESTIMATED)) != 0};
}

}  // namespace testing
}  // namespace sluice
