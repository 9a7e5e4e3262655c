#include "app/request_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "endpoints/endpoint.hpp"
#include "endpoints/json_request.hpp"
#include "http/ascii_case.hpp"

namespace sluice::app {

namespace {

using Refused = Unexpected<std::string>;

/// The first line of `text`, without its end, which is taken off `text` with it.
std::string_view take_line(std::string_view& text) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

Result<void> take_request_line(std::string_view line, RouteQuestion& question) {
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    const bool is_whole = first != std::string_view::npos && first < last && first > 0;
    const std::string_view method = line.substr(0, first);
    if (!is_whole || !http::is_token(method) || !line.substr(last + 1).starts_with("HTTP/1.")) {
        constexpr std::size_t kShown = 80;
        return Refused(fmt::format(
            "found \"{}\", expected a JSON object or a request line such as POST /v1/chat/completions HTTP/1.1",
            line.substr(0, kShown)));
    }
    if (!question.method) question.method = method;
    if (!question.path) question.path = line.substr(first + 1, last - first - 1);
    return {};
}

Result<void> take_header(std::string_view line, std::size_t number, RouteQuestion::Pairs& headers) {
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    const std::string_view value =
        colon == std::string_view::npos ? std::string_view() : http::trim_blanks(line.substr(colon + 1));
    if (colon == std::string_view::npos || !http::is_token(name) || !http::is_header_value(value)) {
        return Refused(fmt::format(
            "line {}: found no header, expected \"NAME: VALUE\", or an empty line before the body", number));
    }
    headers.emplace_back(name, value);
    return {};
}

Result<void> take_head(std::string_view& text, RouteQuestion& question) {
    if (auto taken = take_request_line(take_line(text), question); !taken) return taken;
    RouteQuestion::Pairs headers;
    for (std::size_t number = 2; !text.empty(); ++number) {
        const std::string_view line = take_line(text);
        if (line.empty()) break;
        if (auto taken = take_header(line, number, headers); !taken) return taken;
    }
    const RouteQuestion::Pairs own = std::move(question.headers);
    auto is_overridden = [&](const auto& header) {
        return std::any_of(own.begin(), own.end(),
                           [&](const auto& each) { return http::equals_ignoring_case(each.first, header.first); });
    };
    std::erase_if(headers, is_overridden);
    question.headers = std::move(headers);
    question.headers.insert(question.headers.end(), own.begin(), own.end());
    return {};
}

std::string_view value_of(const RouteQuestion::Pairs& headers, std::string_view name) {
    for (const auto& [each, value] : headers) {
        if (http::equals_ignoring_case(each, name)) return value;
    }
    return {};
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

}  // namespace

Result<void> take_request_text(std::string_view text, const config::Limits& limits, RouteQuestion& question) {
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return Refused("found nothing, expected a JSON object or an HTTP request");
    const bool is_body_alone = text[first] == '{';
    if (!is_body_alone) {
        text.remove_prefix(first);
        if (auto taken = take_head(text, question); !taken) return taken;
        if (!value_of(question.headers, "Transfer-Encoding").empty() && !is_blank(text)) {
            return Refused("found Transfer-Encoding, expected the body as it is");
        }
    }
    const std::string_view type = value_of(question.headers, "Content-Type");
    // As the gateway does: the model of what is no JSON is unknown.
    const bool is_other = !is_body_alone && !type.empty() && !endpoints::is_json_content_type(type);
    if (is_blank(text) || is_other) return {};
    http::Request request;
    request.set_body(text);
    endpoints::JsonRequestReader reader(limits.json_depth, limits.model_characters);
    if (auto error = reader.read(request)) return Refused("body: " + error->message);
    if (!question.model && !request.model.empty()) question.model = request.model;
    return {};
}

}  // namespace sluice::app
