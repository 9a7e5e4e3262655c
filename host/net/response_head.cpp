#include "net/response_head.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "http/ascii_case.hpp"
#include "http/request.hpp"
#include "http/status_text.hpp"

namespace sluice::net {

namespace {

constexpr std::string_view kEveryResponse =
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Content-Security-Policy: default-src 'none'\r\n"
    "Referrer-Policy: no-referrer\r\n";
constexpr std::string_view kPlainCaching = "Cache-Control: no-store\r\n";
constexpr std::string_view kStreamLines =
    "Cache-Control: no-cache, no-store\r\n"
    "Content-Type: text/event-stream\r\n"
    "X-Accel-Buffering: no\r\n";

/// Written by the gateway, or none of a plugin's business: framing and connection, version banners, cookies.
constexpr std::array<std::string_view, 18> kReserved{"connection",
                                                     "keep-alive",
                                                     "transfer-encoding",
                                                     "content-length",
                                                     "upgrade",
                                                     "trailer",
                                                     "te",
                                                     "content-type",
                                                     "date",
                                                     "server",
                                                     "x-powered-by",
                                                     "via",
                                                     "cache-control",
                                                     "set-cookie",
                                                     "x-request-id",
                                                     "x-backend-mode",
                                                     "x-sluice-attempts",
                                                     "proxy-authenticate"};

void append_line(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    out += ": ";
    out += value;
    out += "\r\n";
}

void append_number(std::string& out, std::uint64_t number) {
    std::array<char, 20> digits;
    auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

bool is_overridden(const ResponseHead& head, std::string_view name) {
    return std::any_of(head.overrides.begin(), head.overrides.end(),
                       [&](const HeaderOverride& each) { return http::equals_ignoring_case(each.first, name); });
}

void append_plugin_headers(std::string& out, const ResponseHead& head) {
    for (const sluice_header& field : head.headers) {
        std::string_view name = http::view(field.name);
        std::string_view value = http::view(field.value);
        if (!http::is_token(name) || !http::is_header_value(value) || is_reserved_header(name)) continue;
        if (!head.overrides.empty() && is_overridden(head, name)) continue;
        append_line(out, name, value);
    }
    for (const auto& [name, value] : head.overrides) {
        if (!value.empty()) append_line(out, name, value);
    }
}

}  // namespace

bool is_reserved_header(std::string_view name) noexcept {
    return std::any_of(kReserved.begin(), kReserved.end(),
                       [&](std::string_view reserved) { return http::equals_ignoring_case(reserved, name); });
}

void append_response_head(std::string& out, const ResponseHead& head) {
    out += "HTTP/1.1 ";
    out += http::status_line_text(head.status);
    out += "\r\nDate: ";
    out += head.date;
    out += "\r\nX-Request-ID: ";
    out += head.request_id;
    out += "\r\n";
    if (!head.backend_mode.empty()) append_line(out, "X-Backend-Mode", head.backend_mode);
    if (head.attempts > 1) {
        out += "X-Sluice-Attempts: ";
        append_number(out, head.attempts);
        out += "\r\n";
    }
    out += kEveryResponse;
    if (head.is_event_stream) {
        out += kStreamLines;
    } else {
        out += kPlainCaching;
        if (!head.content_type.empty() && http::is_header_value(head.content_type)) {
            append_line(out, "Content-Type", head.content_type);
        }
    }
    out += head.cors_lines;
    append_plugin_headers(out, head);
    bool may_have_length = head.status != 204 && head.status != 304;
    if (head.framing == Framing::kChunked) {
        out += "Transfer-Encoding: chunked\r\n";
    } else if (head.framing != Framing::kClose && may_have_length && head.content_length != SLUICE_LENGTH_UNKNOWN) {
        out += "Content-Length: ";
        append_number(out, head.content_length);
        out += "\r\n";
    }
    if (!head.is_keep_alive) {
        out += "Connection: close\r\n";
    } else if (head.is_http_1_0) {
        out += "Connection: keep-alive\r\n";
    }
    out += "\r\n";
}

void append_chunk_size(std::string& out, std::size_t bytes) {
    std::array<char, 20> digits;
    auto end = std::to_chars(digits.data(), digits.data() + digits.size(), bytes, 16).ptr;
    out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
    out += "\r\n";
}

}  // namespace sluice::net
