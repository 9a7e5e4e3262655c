#pragma once

#include <sluice/message.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::net {

/// How the end of a response body is told to the client (RFC 9112, 6).
enum class Framing {
    kNone,     ///< no body: HEAD, 204, 304
    kLength,   ///< Content-Length
    kChunked,  ///< HTTP/1.1, length not known beforehand
    kClose     ///< HTTP/1.0: the end of the connection
};

/// A header that middleware has set, or with an empty value removed.
using HeaderOverride = std::pair<std::string, std::string>;

/// Everything a response head is written from. All text is borrowed.
struct ResponseHead {
    int status = 200;
    Framing framing = Framing::kLength;
    std::uint64_t content_length = 0;
    bool is_event_stream = false;
    bool is_keep_alive = true;
    bool is_http_1_0 = false;
    std::string_view content_type;  ///< ignored for event streams
    std::string_view date;
    std::string_view request_id;
    std::string_view backend_mode;  ///< empty = no such header
    std::uint32_t attempts = 0;     ///< of backends; shown where there was more than one
    std::string_view cors_lines;    ///< whole lines
    std::span<const sluice_header> headers;
    std::span<const HeaderOverride> overrides;
};

/// Appends the head: the status line, what every response carries (HTTP contract, section 3), the plugin's headers,
/// and the empty line. Headers that a plugin must not set, and lines that would not be one line, are left out.
void append_response_head(std::string& out, const ResponseHead& head);

/// True for headers that only the gateway writes: framing and connection, version banners, cookies, its own.
bool is_reserved_header(std::string_view name) noexcept;

/// Appends the line that begins a chunk of `bytes` (RFC 9112, 7.1).
void append_chunk_size(std::string& out, std::size_t bytes);

inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace sluice::net
