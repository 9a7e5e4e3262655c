#include "net/cors.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sluice;
using net::Cors;

namespace {

http::Request& with(http::Request& request, std::initializer_list<std::pair<const char*, const char*>> headers) {
    for (const auto& [name, value] : headers) request.set_header(name, value);
    return request;
}

config::Cors allowing(std::vector<std::string> origins) { return {std::move(origins)}; }

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace

TEST_CASE("without allowed origins there are no CORS headers at all", "[net][unit]") {
    Cors cors(allowing({}));
    CHECK(cors.answer_lines("https://a.example").empty());
    http::Request request;
    request.method = "OPTIONS";
    with(request, {{"Origin", "https://a.example"}, {"Access-Control-Request-Method", "POST"}});
    CHECK(cors.preflight_lines(request).empty());
}

TEST_CASE("an allowed origin is named in the answer, with Vary and what is exposed", "[net][unit]") {
    Cors cors(allowing({"https://a.example", "https://b.example"}));
    std::string_view lines = cors.answer_lines("https://b.example");
    CHECK(has(lines, "Access-Control-Allow-Origin: https://b.example\r\n"));
    CHECK(has(lines, "Vary: Origin\r\n"));
    for (const char* header :
         {"x-request-id", "x-backend-mode", "x-claude-session-id", "x-claude-session-created",
          "x-claude-ignored-params", "x-ratelimit-remaining", "retry-after", "x-upstream-request-id"}) {
        CHECK(has(lines, header));
    }
}

TEST_CASE("another origin, none and one that only looks alike get nothing", "[net][unit]") {
    Cors cors(allowing({"https://a.example"}));
    for (const char* origin : {"", "null", "https://b.example", "https://a.example.evil", "http://a.example",
                               "https://a.example:8443", "HTTPS://A.EXAMPLE"}) {
        CAPTURE(origin);
        CHECK(cors.answer_lines(origin).empty());
    }
}

TEST_CASE("a star allows every origin", "[net][unit]") {
    Cors cors(allowing({"*"}));
    CHECK(has(cors.answer_lines("https://any.example"), "Access-Control-Allow-Origin: *\r\n"));
    CHECK(cors.answer_lines("").empty());
}

TEST_CASE("a preflight is OPTIONS with an origin and a requested method", "[net][unit]") {
    http::Request request;
    request.method = "OPTIONS";
    CHECK_FALSE(Cors::is_preflight(request));
    with(request, {{"Origin", "https://a.example"}});
    CHECK_FALSE(Cors::is_preflight(request));
    with(request, {{"Access-Control-Request-Method", "POST"}});
    CHECK(Cors::is_preflight(request));
    request.method = "POST";
    CHECK_FALSE(Cors::is_preflight(request));
}

TEST_CASE("a preflight is told methods, headers and how long that holds", "[net][unit]") {
    Cors cors(allowing({"https://a.example"}));
    http::Request request;
    request.method = "OPTIONS";
    with(request, {{"Origin", "https://a.example"},
                   {"Access-Control-Request-Method", "POST"},
                   {"Access-Control-Request-Headers", "x-stainless-os, evil name,,x-other\t"}});
    std::string lines = cors.preflight_lines(request);
    CHECK(has(lines, "Access-Control-Allow-Methods: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n"));
    CHECK(has(lines, "Access-Control-Max-Age: 86400\r\n"));
    for (const char* header : {"authorization", "content-type", "idempotency-key", "openai-organization",
                               "openai-project", "openai-beta", "x-request-id", "x-openai-api-key", "x-claude-code",
                               "x-claude-session-id", ", x-stainless-os", ", x-other"}) {
        CAPTURE(header);
        CHECK(has(lines, header));
    }
    CHECK_FALSE(has(lines, "evil"));
}
