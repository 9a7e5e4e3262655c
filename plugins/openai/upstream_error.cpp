#include "upstream_error.hpp"

#include <string>

namespace sluice::openai {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kMaxMessageBytes = 4096;

struct ErrorWord {
    std::string_view word;
    int status;
};

// First match wins: the more exact words stand first.
constexpr ErrorWord kErrorWords[] = {
    {"context_length_exceeded", 400},
    {"insufficient_quota", 429},
    {"rate_limit", 429},
    {"too_many_requests", 429},
    {"invalid_api_key", 401},
    {"authentication", 401},
    {"permission", 403},
    {"model_not_found", 404},
    {"not_found", 404},
    {"content_policy", 400},
    {"content_filter", 400},
    {"invalid_request", 400},
    {"BadRequest", 400},
    {"overloaded", 503},
    {"timeout", 504},
};

int status_of_words(std::string_view type, std::string_view code) {
    for (const auto& [word, status] : kErrorWords) {
        if (code.find(word) != std::string_view::npos || type.find(word) != std::string_view::npos) return status;
    }
    return 0;
}

std::string_view text_member(dom::element object, const char* key) {
    std::string_view text;
    return object[key].get(text) == simdjson::SUCCESS ? text : std::string_view{};
}

int status_member(dom::element object, const char* key) {
    std::int64_t number = 0;
    const bool is_status = object[key].get(number) == simdjson::SUCCESS && number >= 400 && number < 600;
    return is_status ? static_cast<int>(number) : 0;
}

std::string_view code_of_status(int status) {
    switch (status) {
        case 400: return "invalid_request";
        case 401: return "invalid_api_key";
        case 403: return "model_not_allowed";
        case 404: return "model_not_found";
        case 429: return "rate_limit_exceeded";
        case 504: return "timeout";
        default: return "upstream_error";
    }
}

std::string shortened(std::string_view text) {
    if (text.size() <= kMaxMessageBytes) return std::string(text);
    std::size_t end = kMaxMessageBytes;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    return std::string(text.substr(0, end));
}

}  // namespace

std::string_view error_type_of_status(int status) {
    switch (status) {
        case 401: return "authentication_error";
        case 403: return "permission_error";
        case 404: return "not_found_error";
        case 429: return "rate_limit_error";
        default: return status >= 500 ? "server_error" : "invalid_request_error";
    }
}

Failure wrapped_failure(int status, std::uint32_t retry_after_ms) {
    Failure failure =
        upstream_failure("the upstream answered with status " + std::to_string(status) + " and a body that is no JSON");
    failure.http_status = status;
    failure.type = error_type_of_status(status);
    failure.retry_after_ms = retry_after_ms;
    return failure;
}

Failure failure_of_error_event(dom::element error) {
    Failure failure = upstream_failure("the upstream reported an error");
    failure.http_status = 502;
    std::string_view message;
    if (error.get(message) == simdjson::SUCCESS) {
        failure.message = shortened(message);
    } else if (error.is_object()) {
        message = text_member(error, "message");
        const std::string_view type = text_member(error, "type");
        const std::string_view code = text_member(error, "code");
        if (!message.empty()) failure.message = shortened(message);
        int status = status_member(error, "code");
        if (status == 0) status = status_member(error, "status");
        if (status == 0) status = status_of_words(type, code);
        if (status != 0) failure.http_status = status;
        failure.code = code.empty() ? std::string(code_of_status(failure.http_status)) : shortened(code);
        failure.param = shortened(text_member(error, "param"));
    }
    failure.type = error_type_of_status(failure.http_status);
    return failure;
}

}  // namespace sluice::openai
