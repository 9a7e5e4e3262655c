#include "http/error_table.hpp"

#include <array>

namespace sluice::http {

namespace {

constexpr std::string_view kInvalidRequest = "invalid_request_error";
constexpr std::string_view kAuthentication = "authentication_error";
constexpr std::string_view kPermission = "permission_error";
constexpr std::string_view kRateLimit = "rate_limit_error";
constexpr std::string_view kServer = "server_error";

constexpr std::array kRows{
    ErrorRow{"invalid_request", 400, kInvalidRequest},
    ErrorRow{"invalid_json", 400, kInvalidRequest},
    ErrorRow{"missing_required_parameter", 400, kInvalidRequest},
    ErrorRow{"unsupported_parameter", 400, kInvalidRequest},
    ErrorRow{"invalid_header_value", 400, kInvalidRequest},
    ErrorRow{"invalid_session_id", 400, kInvalidRequest},
    ErrorRow{"bad_http", 400, kInvalidRequest},
    ErrorRow{"missing_api_key", 401, kAuthentication},
    ErrorRow{"invalid_api_key", 401, kAuthentication},
    ErrorRow{"backend_auth_failed", 401, kAuthentication},
    ErrorRow{"model_not_allowed", 403, kPermission},
    ErrorRow{"origin_not_allowed", 403, kPermission},
    ErrorRow{"command_not_allowed", 403, kPermission},
    ErrorRow{"model_not_found", 404, kInvalidRequest},
    ErrorRow{"session_not_found", 404, kInvalidRequest},
    ErrorRow{"not_found", 404, kInvalidRequest},
    ErrorRow{"method_not_allowed", 405, kInvalidRequest},
    ErrorRow{"request_timeout", 408, kInvalidRequest},
    ErrorRow{"payload_too_large", 413, kInvalidRequest},
    ErrorRow{"url_too_long", 414, kInvalidRequest},
    ErrorRow{"unsupported_media_type", 415, kInvalidRequest},
    ErrorRow{"expectation_failed", 417, kInvalidRequest},
    ErrorRow{"budget_exceeded", 429, "insufficient_quota"},
    ErrorRow{"rate_limit_exceeded", 429, kRateLimit},
    ErrorRow{"session_busy", 429, kRateLimit},
    ErrorRow{"capacity_exceeded", 429, kRateLimit},
    ErrorRow{"head_too_large", 431, kInvalidRequest},
    ErrorRow{"cancelled", 499, kServer},
    ErrorRow{"internal_error", 500, kServer},
    ErrorRow{"stream_error", 502, kServer},
    ErrorRow{"backend_error", 502, kServer},
    ErrorRow{"output_limit", 502, kServer},
    ErrorRow{"upstream_error", 502, kServer},
    ErrorRow{"passthrough_not_configured", 503, kServer},
    ErrorRow{"passthrough_disabled", 503, kServer},
    ErrorRow{"backend_unavailable", 503, kServer},
    ErrorRow{"backend_overloaded", 503, kServer},
    ErrorRow{"plugin_quarantined", 503, kServer},
    ErrorRow{"server_shutting_down", 503, kServer},
    ErrorRow{"too_many_connections", 503, kServer},
    ErrorRow{"timeout", 504, kServer},
};

/// Bytes of the UTF-8 sequence that starts at `text[at]`, or 0 if there is none (RFC 3629, 4).
std::size_t utf8_length(std::string_view text, std::size_t at) {
    auto byte = [&](std::size_t i) { return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u; };
    auto is_tail = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
    unsigned first = byte(0);
    unsigned second = byte(1);
    if (first >= 0xC2 && first <= 0xDF) return is_tail(1) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        bool is_valid =
            is_tail(1) && is_tail(2) && !(first == 0xE0 && second < 0xA0) && !(first == 0xED && second > 0x9F);
        return is_valid ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        bool is_valid = is_tail(1) && is_tail(2) && is_tail(3) && !(first == 0xF0 && second < 0x90) &&
                        !(first == 0xF4 && second > 0x8F);
        return is_valid ? 4 : 0;
    }
    return 0;
}

void append_escaped(std::string& out, unsigned char byte) {
    constexpr char kHex[] = "0123456789abcdef";
    switch (byte) {
        case '"': out += "\\\""; return;
        case '\\': out += "\\\\"; return;
        case '\n': out += "\\n"; return;
        case '\r': out += "\\r"; return;
        case '\t': out += "\\t"; return;
        default:
            out += "\\u00";
            out += kHex[byte >> 4];
            out += kHex[byte & 15];
    }
}

}  // namespace

std::span<const ErrorRow> error_table() noexcept { return kRows; }

const ErrorRow* find_error(std::string_view code) noexcept {
    for (const ErrorRow& row : kRows) {
        if (row.code == code) return &row;
    }
    return nullptr;
}

WireError WireError::of(std::string_view code, std::string message, std::string_view param) {
    const ErrorRow* row = find_error(code);
    if (!row) row = find_error("internal_error");
    WireError error;
    error.status = row->status;
    error.type = row->type;
    error.code = row->code;
    error.param = param;
    error.message = std::move(message);
    return error;
}

WireError wire_error_of(const sluice_error& error) {
    const auto view = [](sluice_str text) { return std::string_view(text.ptr, text.len); };
    WireError wire = WireError::of(view(error.code), std::string(view(error.message)), view(error.param));
    if (error.http_status >= 400 && error.http_status <= 599) wire.status = error.http_status;
    if (error.type.len > 0) wire.type = view(error.type);
    if (error.code.len > 0) wire.code = view(error.code);
    if (wire.message.empty()) wire.message = "The backend failed without saying why.";
    wire.retry_after_ms = error.retry_after_ms;
    return wire;
}

std::string WireError::json() const {
    std::string out;
    out.reserve(96 + message.size());
    out += "{\"error\":{\"message\":";
    append_json_string(out, message);
    out += ",\"type\":";
    append_json_string(out, type);
    out += ",\"param\":";
    if (param.empty()) {
        out += "null";
    } else {
        append_json_string(out, param);
    }
    out += ",\"code\":";
    append_json_string(out, code);
    out += "}}";
    return out;
}

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    for (std::size_t i = 0; i < text.size();) {
        auto byte = static_cast<unsigned char>(text[i]);
        if (byte >= 0x80) {
            std::size_t length = utf8_length(text, i);
            out += length ? text.substr(i, length) : std::string_view("\xEF\xBF\xBD");
            i += length ? length : 1;
            continue;
        }
        if (byte < 0x20 || byte == '"' || byte == '\\' || byte == 0x7f) {
            append_escaped(out, byte);
        } else {
            out += text[i];
        }
        ++i;
    }
    out += '"';
}

}  // namespace sluice::http
