// The head of an upstream's answer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sluice/message.h"

namespace sluice::openai {

constexpr std::size_t kMaxHeadBytes = 64u << 10;

// Of the media type without its parameters; kJson is application/json and everything that ends in +json.
enum class MediaType { kOther, kJson, kEventStream, kHtml };

enum class Framing { kNone, kLength, kChunked, kUntilClose };

// Views point into the bytes the head was parsed from. Large: one per loop is reused, streams keep none.
struct ResponseHead {
    static constexpr std::size_t kMaxFields = 48;

    int status = 0;
    Framing framing = Framing::kNone;
    std::uint64_t content_length = SLUICE_LENGTH_UNKNOWN;
    bool keeps_alive = false;
    std::uint32_t keep_alive_seconds = 0;  // of Keep-Alive: timeout=N; 0 where it is not said
    std::string_view content_type;
    MediaType media_type = MediaType::kOther;
    std::string_view content_encoding;
    std::string_view retry_after;
    std::string_view retry_after_ms;
    std::array<sluice_header, kMaxFields> fields;  // those that reach the client
    std::size_t field_count = 0;

    bool is_informational() const noexcept { return status < 200; }
    bool is_success() const noexcept { return status >= 200 && status < 300; }
    bool is_json() const noexcept { return media_type == MediaType::kJson; }
    bool is_event_stream() const noexcept { return media_type == MediaType::kEventStream; }
    bool is_html() const noexcept { return media_type == MediaType::kHtml; }
    bool is_encoded() const noexcept;
    // Both Retry-After forms and a date; 0 where there is none.
    std::uint32_t retry_after_in_ms() const;
};

enum class HeadResult { kComplete, kIncomplete, kMalformed };

// Parses the head at the beginning of `bytes`. `searched` is how many of them an earlier call has seen already (0 at
// first); it saves looking for the head's end twice. `consumed` is set on kComplete, `problem` on kMalformed (static
// text). `is_head_request`: the answer has no body whatever it announces.
HeadResult parse_head(std::span<const char> bytes, std::size_t searched, bool is_head_request, ResponseHead& head,
                      std::size_t& consumed, std::string_view& problem);

}  // namespace sluice::openai
