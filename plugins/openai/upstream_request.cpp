#include "upstream_request.hpp"

#include <algorithm>
#include <charconv>

#include "abi_text.hpp"
#include "ascii_case.hpp"
#include "header_rules.hpp"

namespace sluice::openai {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

void append_field(std::string_view name, std::string_view value, std::string& out) {
    out.append(name).append(": ").append(value).append(kLineEnd);
}

void append_number(std::uint64_t number, std::string& out) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof(digits), number).ptr;
    out.append(digits, end);
}

bool is_content_type(std::string_view name) { return name.size() == 12 && equals_ignoring_case(name, "content-type"); }

}  // namespace

BodyFramingOut framing_out(const sluice_request& request) {
    if ((request.flags & SLUICE_REQUEST_BODY_STREAMED) == 0) {
        const std::string_view method = to_view(request.method);
        const bool has_none = request.body.len == 0 && method != "POST" && method != "PUT" && method != "PATCH";
        return has_none ? BodyFramingOut::kNone : BodyFramingOut::kLength;
    }
    return request.body_length == SLUICE_LENGTH_UNKNOWN ? BodyFramingOut::kChunked : BodyFramingOut::kLength;
}

RequestWriter::RequestWriter(const Config& config) : config_(config) {
    append_field("Host", config.base_url.authority(), fixed_lines_);
    append_field("Accept-Encoding", "identity", fixed_lines_);
    for (const auto& [name, value] : config.headers) append_field(name, value, fixed_lines_);
    if (config.auth == Auth::kNone) return;
    key_prefix_ = config.auth == Auth::kBearer ? "Authorization: Bearer " : "api-key: ";
}

void RequestWriter::append_head(const sluice_request& request, std::string_view key, std::string& out) const {
    append_request_line(to_view(request.method), to_view(request.path), to_view(request.query), out);
    out.append(fixed_lines_);
    append_key(key, out);
    append_client_fields(request, out);
    switch (framing_out(request)) {
        case BodyFramingOut::kNone: break;
        case BodyFramingOut::kChunked: out.append("Transfer-Encoding: chunked\r\n"); break;
        case BodyFramingOut::kLength: {
            const bool is_streamed = (request.flags & SLUICE_REQUEST_BODY_STREAMED) != 0;
            out.append("Content-Length: ");
            append_number(is_streamed ? request.body_length : request.body.len, out);
            out.append(kLineEnd);
        }
    }
    out.append(kLineEnd);
}

void RequestWriter::append_models_head(std::string_view key, std::string& out) const {
    append_request_line("GET", "/v1/models", {}, out);
    out.append(fixed_lines_);
    append_key(key, out);
    out.append("Accept: application/json\r\n\r\n");
}

void RequestWriter::append_request_line(std::string_view method, std::string_view path, std::string_view query,
                                        std::string& out) const {
    out.append(method).push_back(' ');
    append_target(config_.base_url, path, query, out);
    out.append(" HTTP/1.1\r\n");
}

void RequestWriter::append_key(std::string_view key, std::string& out) const {
    if (key.empty() || config_.auth == Auth::kNone) return;
    out.append(key_prefix_).append(key).append(kLineEnd);
}

void RequestWriter::append_client_fields(const sluice_request& request, std::string& out) const {
    bool has_content_type = false;
    for (std::size_t i = 0; i < request.header_count; ++i) {
        const std::string_view name = to_view(request.headers[i].name);
        const bool is_type = is_content_type(name);
        if (!is_type && !goes_upstream(name)) continue;
        if (!config_.headers.empty() && is_replaced(name)) continue;
        has_content_type = has_content_type || is_type;
        append_field(name, to_view(request.headers[i].value), out);
    }
    const bool is_json = (request.flags & SLUICE_REQUEST_JSON) != 0;
    if (is_json && !has_content_type && !is_replaced("content-type"))
        append_field("Content-Type", "application/json", out);
}

bool RequestWriter::is_replaced(std::string_view name) const {
    return std::any_of(config_.headers.begin(), config_.headers.end(), [&](const auto& field) {
        return std::equal(name.begin(), name.end(), field.first.begin(), field.first.end(),
                          [](char a, char b) { return to_lower_ascii(a) == to_lower_ascii(b); });
    });
}

}  // namespace sluice::openai
