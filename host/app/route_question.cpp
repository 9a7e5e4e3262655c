#include "app/route_question.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "http/ascii_case.hpp"
#include "http/attributes.hpp"
#include "net/request_parser.hpp"

namespace sluice::app {

namespace {

using Refused = Unexpected<std::string>;

constexpr std::string_view kExpected =
    "explain [--method M] [--path P] [--model M] [--header 'NAME: VALUE']... [--attribute NAME=VALUE]... "
    "[--request FILE|-] [--json]";
constexpr std::string_view kUsualMethod = "POST";
constexpr std::string_view kUsualPath = "/v1/chat/completions";
constexpr std::array<std::string_view, 6> kOptions{"--method", "--path",      "--model",
                                                   "--header", "--attribute", "--request"};

bool is_target(std::string_view text) {
    const bool is_clean = std::all_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte > 0x20 && byte < 0x7f && byte != '#';
    });
    return is_clean && (text.starts_with('/') || http::starts_with_ignoring_case(text, "http://") ||
                        http::starts_with_ignoring_case(text, "https://"));
}

std::string refusal(std::string_view option, std::string_view found, std::string_view expected) {
    return fmt::format("{}: found \"{}\", expected {}", option, found, expected);
}

Result<void> add_header(RouteQuestion& question, std::string_view value) {
    const std::size_t colon = value.find(':');
    const std::string_view name = value.substr(0, colon);
    const std::string_view rest = colon == std::string_view::npos ? "" : http::trim_blanks(value.substr(colon + 1));
    if (colon == std::string_view::npos || !http::is_token(name) || !http::is_header_value(rest)) {
        // Not what stands behind the colon: it may be a secret.
        return Refused(refusal("--header", name, "\"NAME: VALUE\" without control characters"));
    }
    question.headers.emplace_back(name, rest);
    return {};
}

Result<void> add_attribute(RouteQuestion& question, std::string_view value) {
    const std::size_t equals = value.find('=');
    if (equals == std::string_view::npos || equals == 0) {
        return Refused(refusal("--attribute", value, "NAME=VALUE, such as key.id=key_5e0a"));
    }
    http::Attributes within_limits;
    bool fits = within_limits.set(value.substr(0, equals), value.substr(equals + 1));
    for (const auto& [name, other] : question.attributes) fits = fits && within_limits.set(name, other);
    if (!fits) {
        return Refused(refusal("--attribute", value,
                               fmt::format("at most {} of at most {} and {} bytes", http::Attributes::kMaxCount,
                                           http::Attributes::kMaxNameBytes, http::Attributes::kMaxValueBytes)));
    }
    question.attributes.emplace_back(value.substr(0, equals), value.substr(equals + 1));
    return {};
}

Result<void> take(RouteQuestion& question, std::string_view option, const std::string& value) {
    if (option == "--header") return add_header(question, value);
    if (option == "--attribute") return add_attribute(question, value);
    if (option == "--method" && !http::is_token(value)) return Refused(refusal(option, value, "a method such as POST"));
    if (option == "--path" && !is_target(value)) return Refused(refusal(option, value, "a path that begins with /"));
    if (option == "--request" && value.empty()) return Refused(refusal(option, value, "a file, or - for stdin"));
    if (option == "--method") question.method = value;
    if (option == "--path") question.path = value;
    if (option == "--model") question.model = value;
    if (option == "--request") question.request_file = value;
    return {};
}

bool is_framing(std::string_view header) {
    return http::equals_ignoring_case(header, "Content-Length") ||
           http::equals_ignoring_case(header, "Transfer-Encoding");
}

/// The head of the request as a client would send it.
std::string head_of(const RouteQuestion& question) {
    std::string head = fmt::format("{} {} HTTP/1.1\r\n", question.method.value_or(std::string(kUsualMethod)),
                                   question.path.value_or(std::string(kUsualPath)));
    bool has_host = false;
    for (const auto& [name, value] : question.headers) {
        // No body is sent, and no route sees these.
        if (is_framing(name)) continue;
        has_host |= http::equals_ignoring_case(name, "Host");
        head += name + ": " + value + "\r\n";
    }
    if (!has_host) head += "Host: localhost\r\n";
    return head + "\r\n";
}

}  // namespace

Result<RouteQuestion> read_route_question(const std::vector<std::string>& words) {
    if (words.empty() || words[0] != "explain") {
        return Refused(fmt::format("found \"{}\", expected {}", words.empty() ? "" : words[0], kExpected));
    }
    RouteQuestion question;
    for (std::size_t at = 1; at < words.size(); ++at) {
        const std::string& word = words[at];
        if (word == "--json") {
            question.is_json = true;
            continue;
        }
        const std::size_t equals = word.find('=');
        const std::string_view option = std::string_view(word).substr(0, equals);
        if (std::find(kOptions.begin(), kOptions.end(), option) == kOptions.end()) {
            return Refused(fmt::format("found \"{}\", expected {}", option, kExpected));
        }
        if (equals == std::string::npos && at + 1 == words.size()) {
            return Refused(fmt::format("{}: found nothing behind it, expected {}", option, kExpected));
        }
        const std::string value = equals == std::string::npos ? words[++at] : word.substr(equals + 1);
        if (auto taken = take(question, option, value); !taken) return Refused(taken.error());
    }
    return question;
}

std::vector<std::string> words_of(const RouteQuestion& question) {
    std::vector<std::string> words{"explain"};
    if (question.method) words.push_back("--method=" + *question.method);
    if (question.path) words.push_back("--path=" + *question.path);
    if (question.model) words.push_back("--model=" + *question.model);
    for (const auto& [name, value] : question.headers) words.push_back("--header=" + name + ": " + value);
    for (const auto& [name, value] : question.attributes) words.push_back("--attribute=" + name + "=" + value);
    if (question.is_json) words.emplace_back("--json");
    return words;
}

std::optional<http::WireError> fill_request(const RouteQuestion& question, std::size_t max_url_bytes,
                                            http::Request& request) {
    request.head = head_of(question);
    request.model = question.model.value_or("");
    net::HeadFacts facts;
    return net::parse_head(request, facts, max_url_bytes);
}

}  // namespace sluice::app
