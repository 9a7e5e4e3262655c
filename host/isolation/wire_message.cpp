#include "isolation/wire_message.hpp"

namespace sluice::isolation {

namespace {

constexpr std::size_t kHeaderFieldBytes = 2 * sizeof(std::uint32_t);

void put_headers(PayloadWriter& out, const sluice_header* headers, std::size_t count) {
    out.put(static_cast<std::uint32_t>(count));
    for (std::size_t i = 0; i < count; ++i) out.put(headers[i].name).put(headers[i].value);
}

std::vector<sluice_header> read_headers(PayloadReader& in) {
    std::vector<sluice_header> headers(in.count(kHeaderFieldBytes));
    for (sluice_header& header : headers) {
        header.name = in.abi_text();
        header.value = in.abi_text();
    }
    return headers;
}

}  // namespace

void put_request(PayloadWriter& out, const sluice_request& request) {
    out.put(request.flags).put(request.request_id).put(request.method).put(request.path).put(request.query);
    out.put(request.model).put(request.client_address);
    put_headers(out, request.headers, request.header_count);
    out.put(request.body_length).put(request.choice_count);
}

ReadRequest read_request(PayloadReader& in) {
    ReadRequest read;
    sluice_request& request = read.request;
    request.struct_size = sizeof request;
    request.flags = in.get<std::uint32_t>();
    request.request_id = in.abi_text();
    request.method = in.abi_text();
    request.path = in.abi_text();
    request.query = in.abi_text();
    request.model = in.abi_text();
    request.client_address = in.abi_text();
    read.headers = read_headers(in);
    request.body_length = in.get<std::uint64_t>();
    request.choice_count = in.get<std::uint64_t>();
    return read;
}

void put_response(PayloadWriter& out, const sluice_response& response) {
    out.put(response.flags).put(response.http_status).put(response.content_length).put(response.content_type);
    put_headers(out, response.headers, response.header_count);
}

ReadResponse read_response(PayloadReader& in) {
    ReadResponse read;
    sluice_response& response = read.response;
    response.struct_size = sizeof response;
    response.flags = in.get<std::uint32_t>();
    response.http_status = in.get<std::int32_t>();
    response.content_length = in.get<std::uint64_t>();
    response.content_type = in.abi_text();
    read.headers = read_headers(in);
    return read;
}

void put_error(PayloadWriter& out, const sluice_error& error) {
    out.put(error.flags).put(error.http_status).put(error.retry_after_ms);
    out.put(error.code).put(error.type).put(error.param).put(error.message);
}

sluice_error read_error(PayloadReader& in) {
    sluice_error error{};
    error.struct_size = sizeof error;
    error.flags = in.get<std::uint32_t>();
    error.http_status = in.get<std::int32_t>();
    error.retry_after_ms = in.get<std::uint32_t>();
    error.code = in.abi_text();
    error.type = in.abi_text();
    error.param = in.abi_text();
    error.message = in.abi_text();
    return error;
}

void put_usage(PayloadWriter& out, const sluice_usage* usage) {
    out.put(static_cast<std::uint8_t>(usage != nullptr));
    if (usage == nullptr) return;
    out.put(usage->flags).put(usage->prompt_tokens).put(usage->completion_tokens).put(usage->cached_tokens);
}

std::optional<sluice_usage> read_usage(PayloadReader& in) {
    if (in.get<std::uint8_t>() == 0) return std::nullopt;
    sluice_usage usage{};
    usage.struct_size = sizeof usage;
    usage.flags = in.get<std::uint32_t>();
    usage.prompt_tokens = in.get<std::uint64_t>();
    usage.completion_tokens = in.get<std::uint64_t>();
    usage.cached_tokens = in.get<std::uint64_t>();
    return usage;
}

void put_summary(PayloadWriter& out, const sluice_summary& summary) {
    out.put(summary.http_status).put(summary.ended_by).put(summary.error_code).put(summary.backend);
    out.put(summary.received_bytes).put(summary.sent_bytes).put(summary.duration_ns).put(summary.first_byte_ns);
    out.put(summary.attempts);
    put_usage(out, summary.usage);
}

std::pair<sluice_summary, std::optional<sluice_usage>> read_summary(PayloadReader& in) {
    sluice_summary summary{};
    summary.struct_size = sizeof summary;
    summary.http_status = in.get<std::int32_t>();
    summary.ended_by = in.get<std::int32_t>();
    summary.error_code = in.abi_text();
    summary.backend = in.abi_text();
    summary.received_bytes = in.get<std::uint64_t>();
    summary.sent_bytes = in.get<std::uint64_t>();
    summary.duration_ns = in.get<std::uint64_t>();
    summary.first_byte_ns = in.get<std::uint64_t>();
    summary.attempts = in.get<std::uint32_t>();
    return {summary, read_usage(in)};
}

sluice_error plain_error(std::string_view code, std::string_view message) noexcept {
    sluice_error error{};
    error.struct_size = sizeof error;
    error.code = {code.data(), code.size()};
    error.message = {message.data(), message.size()};
    return error;
}

}  // namespace sluice::isolation
