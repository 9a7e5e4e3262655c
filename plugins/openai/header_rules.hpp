// Which fields cross the gateway, in either direction. Everything that is not named here stays behind.
#pragma once

#include <string_view>

#include "ascii_case.hpp"

namespace sluice::openai {

// A field of the client that goes upstream as it is (Content-Type is handled with the body).
inline bool goes_upstream(std::string_view name) noexcept {
    switch (name.size()) {
        case 6: return equals_ignoring_case(name, "accept");
        case 10: return equals_ignoring_case(name, "user-agent") || equals_ignoring_case(name, "tracestate");
        case 11: return equals_ignoring_case(name, "traceparent") || equals_ignoring_case(name, "openai-beta");
        case 14: return equals_ignoring_case(name, "openai-project") || starts_with_ignoring_case(name, "x-stainless-");
        case 15:
            return equals_ignoring_case(name, "idempotency-key") || starts_with_ignoring_case(name, "x-stainless-");
        case 19:
            return equals_ignoring_case(name, "openai-organization") || starts_with_ignoring_case(name, "x-stainless-");
        default: return starts_with_ignoring_case(name, "x-stainless-");
    }
}

// A field of the upstream that reaches the client under its own name; content-type has a place of its own.
inline bool reaches_client(std::string_view name) noexcept {
    if (name.empty()) return false;
    switch (to_lower_ascii(name.front())) {
        case 'c':
            return equals_ignoring_case(name, "content-disposition") || equals_ignoring_case(name, "content-range");
        case 'e': return equals_ignoring_case(name, "etag");
        case 'l': return equals_ignoring_case(name, "last-modified");
        case 'o': return starts_with_ignoring_case(name, "openai-");
        case 'r': return equals_ignoring_case(name, "retry-after") || equals_ignoring_case(name, "retry-after-ms");
        case 'x':
            return starts_with_ignoring_case(name, "x-ratelimit-") || equals_ignoring_case(name, "x-should-retry");
        default: return false;
    }
}

}  // namespace sluice::openai
