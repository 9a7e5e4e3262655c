#include "app/route_question.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace sluice;
using app::RouteQuestion;

namespace {

using Words = std::vector<std::string>;
constexpr std::size_t kMaxUrlBytes = 1000;

RouteQuestion question_of(const Words& words) {
    auto question = app::read_route_question(words);
    REQUIRE(question);
    return *question;
}

}  // namespace

TEST_CASE("a question without options is about a chat", "[app][unit]") {
    http::Request request;
    CHECK_FALSE(app::fill_request(question_of({"explain"}), kMaxUrlBytes, request));
    CHECK(request.method == "POST");
    CHECK(request.path == "/v1/chat/completions");
    CHECK(request.model.empty());
}

TEST_CASE("the options of a question make its request, with = or without", "[app][unit]") {
    const Words words = GENERATE(Words{"explain", "--method", "GET", "--path", "/v1/files?a=b", "--model", "m",
                                       "--header", "X-Pick: a: b", "--attribute", "key.id=k=1", "--json"},
                                 Words{"explain", "--json", "--attribute=key.id=k=1", "--header=X-Pick:a: b ",
                                       "--model=m", "--path=/v1/files?a=b", "--method=GET"});
    const RouteQuestion question = question_of(words);
    CHECK(question.is_json);
    CHECK(question.attributes == RouteQuestion::Pairs{{"key.id", "k=1"}});
    http::Request request;
    CHECK_FALSE(app::fill_request(question, kMaxUrlBytes, request));
    CHECK(request.method == "GET");
    CHECK(request.path == "/v1/files");
    CHECK(request.query == "a=b");
    CHECK(request.model == "m");
    CHECK(request.header("x-pick") == "a: b");
}

TEST_CASE("lines of one header stay apart, as the gateway would get them", "[app][unit]") {
    http::Request request;
    const Words words{"explain", "--header", "X-Pick: a", "--header", "x-pick: b"};
    CHECK_FALSE(app::fill_request(question_of(words), kMaxUrlBytes, request));
    CHECK(request.header_lines("X-Pick") == 2);
}

TEST_CASE("headers of the connection and of the body's length do not reach the routes", "[app][unit]") {
    http::Request request;
    const Words words{"explain",  "--header", "Content-Length: 5", "--header",          "Transfer-Encoding: chunked",
                      "--header", "TE: x",    "--header",          "Connection: X-Own", "--header",
                      "X-Own: 1"};
    CHECK_FALSE(app::fill_request(question_of(words), kMaxUrlBytes, request));
    for (const char* name : {"Content-Length", "Transfer-Encoding", "TE", "X-Own"}) {
        CHECK(request.header_lines(name) == 0);
    }
}

TEST_CASE("a request that the parser refuses has the client's error", "[app][unit]") {
    http::Request request;
    auto error = app::fill_request(question_of({"explain", "--path", "/v1/../secret"}), kMaxUrlBytes, request);
    REQUIRE(error);
    CHECK(error->code == "bad_http");
}

TEST_CASE("the words of a question make the same question", "[app][unit]") {
    const Words words{"explain",         "--method=GET", "--path=/v1/x",      "--model=a=b",
                      "--header=A: b:c", "--header=A: ", "--attribute=k=v=w", "--json"};
    CHECK(app::words_of(question_of(words)) == words);
    // The file has been read by then.
    CHECK(app::words_of(question_of({"explain", "--request", "f"})) == Words{"explain"});
}

TEST_CASE("wrong words are refused with found and expected", "[app][unit]") {
    struct Case {
        Words words;
        const char* named;
    };
    const Case cases[] = {
        {{}, "found \"\", expected explain"},
        {{"explan"}, "found \"explan\", expected explain"},
        {{"explain", "x"}, "found \"x\", expected"},
        {{"explain", "--modle", "m"}, "found \"--modle\", expected"},
        {{"explain", "--model"}, "--model: found nothing behind it, expected"},
        {{"explain", "--header", "X-Pick"}, "--header: found \"X-Pick\", expected \"NAME: VALUE\""},
        {{"explain", "--header", "X Pick: a"}, "--header: found \"X Pick\", expected"},
        {{"explain", "--header", "A: b\r\nC: d"}, "--header: found \"A\", expected"},
        {{"explain", "--attribute", "key.id"}, "--attribute: found \"key.id\", expected NAME=VALUE"},
        {{"explain", "--attribute", "a=" + std::string(1025, 'x')}, "expected at most 16"},
        {{"explain", "--path", "v1"}, "--path: found \"v1\", expected a path"},
        {{"explain", "--path", "/a b"}, "--path: found \"/a b\", expected a path"},
        {{"explain", "--path", "/a HTTP/1.1\r\nX: y"}, "expected a path"},
        {{"explain", "--method", "P T"}, "--method: found \"P T\", expected a method"},
        {{"explain", "--request="}, "--request: found \"\", expected a file"},
    };
    for (const auto& [words, named] : cases) {
        const auto question = app::read_route_question(words);
        REQUIRE_FALSE(question);
        CAPTURE(question.error());
        CHECK(question.error().find(named) != std::string::npos);
    }
}

TEST_CASE("a refused header does not tell its value, which may be secret", "[app][unit]") {
    const auto question = app::read_route_question({"explain", "--header", "X Key: sk-secret"});
    REQUIRE_FALSE(question);
    CHECK(question.error().find("sk-secret") == std::string::npos);
}
