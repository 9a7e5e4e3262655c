#include "error_kind.hpp"

#include <sluice/cpp/json_text.hpp>

namespace sluice::fault {
namespace {

constexpr std::string_view kInvalidRequest = "invalid_request_error";

void append_member(std::string& out, std::string_view name, std::string_view value) {
    out.append(",\"").append(name).append("\":");
    if (value.empty())
        out += "null";
    else
        append_json_string(out, value);
}

}  // namespace

constexpr std::array<ErrorText, kErrorKinds> kErrorTexts = {{
    {"by_status", 500, "", "", "", ""},
    {"rate_limit", 429, "Rate limit reached for requests. Please try again later.", "requests", "",
     "rate_limit_exceeded"},
    {"quota", 429, "You exceeded your current quota, please check your plan and billing details.", "insufficient_quota",
     "", "insufficient_quota"},
    {"context_length", 400,
     "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens. Please "
     "reduce the length of the messages.",
     kInvalidRequest, "messages", "context_length_exceeded"},
    {"content_policy", 400, "Your request was rejected as a result of our safety system.", kInvalidRequest, "",
     "content_policy_violation"},
    {"prefill", 400,
     "This model does not support assistant message prefill. The conversation must end with a user message.",
     kInvalidRequest, "", ""},
    {"invalid", 400, "The request is not valid.", kInvalidRequest, "", ""},
    {"key", 401, "Incorrect API key provided.", kInvalidRequest, "", "invalid_api_key"},
    {"model", 404, "The model does not exist or you do not have access to it.", kInvalidRequest, "", "model_not_found"},
    {"server", 500, "The server had an error while processing your request. Sorry about that!", "server_error", "", ""},
    {"overloaded", 503, "The engine is currently overloaded, please try again later.", "server_error", "",
     "overloaded"},
    {"html", 502, "", "", "", ""},
}};

ErrorKind error_of_status(int status) {
    switch (status) {
        case 401: return ErrorKind::kKey;
        case 404: return ErrorKind::kModel;
        case 429: return ErrorKind::kRateLimit;
        case 503:
        case 529: return ErrorKind::kOverloaded;
        default: return status >= 500 ? ErrorKind::kServer : ErrorKind::kInvalid;
    }
}

std::string error_json(const ErrorText& error) {
    std::string json = "{\"error\":{\"message\":";
    append_json_string(json, error.message);
    append_member(json, "type", error.type);
    append_member(json, "param", error.param);
    append_member(json, "code", error.code);
    return json + "}}";
}

std::string named_error_json(const ErrorText& error, std::uint64_t sequence_number) {
    std::string json = "{\"type\":\"error\"";
    append_member(json, "code", error.code);
    append_member(json, "message", error.message);
    append_member(json, "param", error.param);
    return json + ",\"sequence_number\":" + std::to_string(sequence_number) + "}";
}

}  // namespace sluice::fault
