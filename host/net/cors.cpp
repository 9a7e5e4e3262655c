#include "net/cors.hpp"

#include "http/ascii_case.hpp"

namespace sluice::net {

namespace {

constexpr std::string_view kExposed =
    "x-request-id, x-backend-mode, x-upstream-request-id, x-sluice-attempts, retry-after, retry-after-ms, "
    "x-should-retry, "
    "openai-processing-ms, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, x-ratelimit-limit-requests, "
    "x-ratelimit-remaining-requests, x-ratelimit-reset-requests, x-ratelimit-limit-tokens, "
    "x-ratelimit-remaining-tokens, x-ratelimit-reset-tokens, x-claude-session-id, x-claude-session-created, "
    "x-claude-ignored-params";
constexpr std::string_view kAllowedHeaders =
    "authorization, content-type, idempotency-key, openai-organization, openai-project, openai-beta, x-request-id, "
    "x-openai-api-key, x-claude-code, x-claude-session-id";

std::string lines_for(std::string_view origin) {
    std::string lines = "Access-Control-Allow-Origin: ";
    lines += origin;
    lines += "\r\nVary: Origin\r\nAccess-Control-Expose-Headers: ";
    lines += kExposed;
    lines += "\r\n";
    return lines;
}

/// Only names go back into a header of ours: anything else that was asked for is left out.
void append_requested_names(std::string& list, std::string_view requested) {
    while (!requested.empty()) {
        std::size_t comma = requested.find(',');
        std::string_view name = http::trim_blanks(requested.substr(0, comma));
        if (http::is_token(name)) {
            list += ", ";
            list += name;
        }
        requested = comma == std::string_view::npos ? std::string_view() : requested.substr(comma + 1);
    }
}

}  // namespace

Cors::Cors(const config::Cors& config) {
    for (const std::string& origin : config.allowed_origins) {
        if (origin == "*") {
            allows_any_ = true;
            any_origin_lines_ = lines_for("*");
        } else {
            lines_by_origin_.emplace(origin, lines_for(origin));
        }
    }
}

std::string_view Cors::answer_lines(std::string_view origin) const {
    if (origin.empty() || (lines_by_origin_.empty() && !allows_any_)) return {};
    auto found = lines_by_origin_.find(std::string(origin));
    if (found != lines_by_origin_.end()) return found->second;
    return any_origin_lines_;
}

bool Cors::is_preflight(const http::Request& request) noexcept {
    return request.method == "OPTIONS" && !request.header("Origin").empty() &&
           !request.header("Access-Control-Request-Method").empty();
}

std::string Cors::preflight_lines(const http::Request& request) const {
    std::string_view answer = answer_lines(request.header("Origin"));
    if (answer.empty()) return {};
    std::string lines(answer);
    lines += "Access-Control-Allow-Methods: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n";
    lines += "Access-Control-Allow-Headers: ";
    lines += kAllowedHeaders;
    append_requested_names(lines, request.header("Access-Control-Request-Headers"));
    lines += "\r\nAccess-Control-Max-Age: 86400\r\n";
    return lines;
}

}  // namespace sluice::net
