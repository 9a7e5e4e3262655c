#include "app/request_text.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sluice;
using app::RouteQuestion;

namespace {

Result<void> take(std::string_view text, RouteQuestion& question) {
    return app::take_request_text(text, config::Limits(), question);
}

RouteQuestion taken(std::string_view text, RouteQuestion question = {}) {
    REQUIRE(take(text, question));
    return question;
}

constexpr std::string_view kRaw =
    "POST /v1/embeddings?x=1 HTTP/1.1\r\nHost: a\r\nX-Pick: yes\r\nX-Pick: no\r\nContent-Length: 999\r\n\r\n"
    "{\"model\": \"in-body\"}\n";

}  // namespace

TEST_CASE("of a JSON body the model is taken", "[app][unit]") {
    const RouteQuestion question = taken(" \n{\"model\": \"caf\\u00e9\", \"messages\": []}\n");
    CHECK(question.model == "caf\xc3\xa9");
    CHECK_FALSE(question.path);
    CHECK_FALSE(question.method);
    CHECK_FALSE(taken("{}").model);
}

TEST_CASE("of an HTTP request method, path, headers and model are taken, whatever its line ends", "[app][unit]") {
    std::string raw(kRaw);
    if (GENERATE(true, false)) std::erase(raw, '\r');
    const RouteQuestion question = taken(raw);
    CHECK(question.method == "POST");
    CHECK(question.path == "/v1/embeddings?x=1");
    CHECK(question.model == "in-body");
    CHECK(question.headers ==
          RouteQuestion::Pairs{{"Host", "a"}, {"X-Pick", "yes"}, {"X-Pick", "no"}, {"Content-Length", "999"}});
}

TEST_CASE("what the question says itself comes before the request's own", "[app][unit]") {
    RouteQuestion asked;
    asked.method = "GET";
    asked.path = "/v1/other";
    asked.model = "asked";
    asked.headers = {{"x-pick", "asked"}};
    const RouteQuestion question = taken(kRaw, asked);
    CHECK(question.method == "GET");
    CHECK(question.path == "/v1/other");
    CHECK(question.model == "asked");
    CHECK(question.headers == RouteQuestion::Pairs{{"Host", "a"}, {"Content-Length", "999"}, {"x-pick", "asked"}});
}

TEST_CASE("a request without a body, or with one that is no JSON, has no model", "[app][unit]") {
    CHECK_FALSE(taken("GET /v1/models HTTP/1.1\nHost: a\n\n").model);
    CHECK_FALSE(taken("GET /v1/models HTTP/1.1\nHost: a").model);
    CHECK_FALSE(taken("POST /v1/audio HTTP/1.1\nContent-Type: multipart/form-data; boundary=x\n\n--x--").model);
    CHECK(taken("POST /v1/x HTTP/1.1\nContent-Type: application/json\n\n{\"model\":\"m\"}").model == "m");
}

TEST_CASE("a text that is no request is refused with found and expected, and without what may be secret",
          "[app][unit]") {
    struct Case {
        const char* text;
        const char* named;
    };
    const Case cases[] = {
        {"", "found nothing, expected a JSON object or an HTTP request"},
        {"[1]", "found \"[1]\", expected a JSON object or a request line"},
        {"POST /v1/x\n\n", "found \"POST /v1/x\", expected"},
        {"POST /v1/x HTTP/2\n\n", "expected a JSON object or a request line"},
        {"POST /v1/x HTTP/1.1\nA: b\nsecret-4711\n\n", "line 3: found no header, expected"},
        {"POST /v1/x HTTP/1.1\n\nsecret-4711", "body: "},
        {"POST /v1/x HTTP/1.1\nTransfer-Encoding: chunked\n\n2\r\n{}\r\n", "found Transfer-Encoding, expected"},
        {"{\"model\": 5, \"x\": \"secret-4711\"}", "body: model: found a number, expected a string"},
        {"{\"model\": \"a\", \"model\": \"b\"}", "body: "},
    };
    for (const auto& [text, named] : cases) {
        RouteQuestion question;
        const auto result = take(text, question);
        CAPTURE(text);
        REQUIRE_FALSE(result);
        CAPTURE(result.error());
        CHECK(result.error().find(named) != std::string::npos);
        CHECK(result.error().find("secret-4711") == std::string::npos);
    }
}
