#include "request_facts.hpp"

#include <sluice/cpp/chat_text.hpp>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace sluice::fault {
namespace {

constexpr std::uint64_t kBytesPerToken = 4;
constexpr std::size_t kMaxDigits = 6;

Endpoint endpoint_of(const Request& request) {
    if (request.method() != "POST" || !request.is_json()) return Endpoint::kOther;
    const std::string_view path = request.path();
    if (path == "/v1/chat/completions") return Endpoint::kChat;
    if (path == "/v1/completions") return Endpoint::kCompletions;
    if (path == "/v1/responses") return Endpoint::kResponses;
    return path == "/v1/embeddings" ? Endpoint::kEmbeddings : Endpoint::kOther;
}

// The number a text ends with; 0 if it does not end with one. Tokens are numbers, so it says how many there were.
std::uint32_t number_at_end(std::string_view text) {
    const auto is_digit = [](char byte) { return byte >= '0' && byte <= '9'; };
    std::size_t begin = text.size();
    while (begin > 0 && is_digit(text[begin - 1])) --begin;
    std::uint32_t number = 0;
    if (text.size() - begin <= kMaxDigits) std::from_chars(text.data() + begin, text.data() + text.size(), number);
    return number;
}

std::string_view last_message_of(std::string_view body) {
    std::string_view last;
    visit_json_object(body, [&](std::string_view key, std::string_view value) {
        if (key == "messages") visit_json_array(value, [&](std::string_view message) { last = message; });
    });
    return last;
}

}  // namespace

RequestFacts::RequestFacts(const Request& request)
    : endpoint(endpoint_of(request)),
      method(request.method()),
      path(request.path()),
      model(request.model()),
      is_stream(request.is_stream()),
      shows_usage(request.wants_usage()),
      reports_usage(request.wants_usage() || request.is_usage_injected()),
      prompt_tokens(std::max<std::uint64_t>(1, request.body().size() / kBytesPerToken)) {
    if (endpoint != Endpoint::kChat) return;
    visit_json_object(last_message_of(request.body()), [this](std::string_view key, std::string_view value) {
        if (key == "role") has_prefill = value == "\"assistant\"";
        // Of text, or of the last part of a list of texts.
        const std::size_t quote = key == "content" ? value.rfind('"') : std::string_view::npos;
        if (quote != std::string_view::npos) prefill_tokens = number_at_end(value.substr(0, quote));
    });
    if (!has_prefill) prefill_tokens = 0;
}

}  // namespace sluice::fault
