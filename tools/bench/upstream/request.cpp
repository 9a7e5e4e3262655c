#include "upstream/request.hpp"

#include <strings.h>

#include <cstddef>
#include <string_view>

#include "wire/decimal_number.hpp"

namespace sluice::bench {
namespace {

constexpr std::string_view kEndOfHead = "\r\n\r\n";

struct Head {
    Request request;
    std::size_t body_size = 0;
};

bool is_same_name(std::string_view left, std::string_view right) {
    return left.size() == right.size() && strncasecmp(left.data(), right.data(), left.size()) == 0;
}

void read_header(Head& head, std::string_view name, std::string_view value) {
    StreamPlan& plan = head.request.plan;
    const std::int64_t number = parse_decimal(value).value_or(0);
    if (is_same_name(name, "Content-Length"))
        head.body_size = static_cast<std::size_t>(number);
    else if (is_same_name(name, "X-Stream-N"))
        plan.chunks = number;
    else if (is_same_name(name, "X-Stream-D"))
        plan.gap = std::chrono::milliseconds(number);
    else if (is_same_name(name, "X-Stream-Bytes"))
        plan.bytes = number;
    else if (is_same_name(name, "X-Stainless-Stream"))
        plan.apply_list(value);
    else if (is_same_name(name, "Transfer-Encoding"))
        head.request.kind = Request::Kind::kUnsupportedBody;
    else if (is_same_name(name, "Connection"))
        head.request.closes_connection = value.find("lose") != std::string_view::npos;
}

Head read_head(std::string_view text, const StreamPlan& defaults) {
    Head head;
    head.request.plan = defaults;
    if (text.starts_with("GET ")) head.request.kind = Request::Kind::kModels;
    for (std::size_t line_end = text.find('\n'); line_end != std::string_view::npos; line_end = text.find('\n')) {
        text.remove_prefix(line_end + 1);
        const auto line = text.substr(0, text.find("\r\n"));
        const auto colon = line.find(':');
        if (colon != std::string_view::npos) read_header(head, line.substr(0, colon), line.substr(colon + 1));
    }
    return head;
}

bool asks_for_stream(std::string_view body) {
    return body.find("\"stream\":true") != std::string_view::npos ||
           body.find("\"stream\": true") != std::string_view::npos;
}

}  // namespace

std::optional<Request> take_request(std::string& received, const StreamPlan& defaults) {
    const auto head_size = received.find(kEndOfHead);
    if (head_size == std::string::npos) return std::nullopt;

    const std::string_view whole = received;
    Head head = read_head(whole.substr(0, head_size), defaults);
    const auto body_begin = head_size + kEndOfHead.size();
    if (whole.size() < body_begin + head.body_size) return std::nullopt;

    const auto body = whole.substr(body_begin, head.body_size);
    if (head.request.kind == Request::Kind::kCompletion && asks_for_stream(body))
        head.request.kind = Request::Kind::kStream;
    received.erase(0, body_begin + head.body_size);
    return head.request;
}

}  // namespace sluice::bench
