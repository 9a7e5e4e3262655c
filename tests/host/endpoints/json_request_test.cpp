#include "endpoints/json_request.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sluice;
using endpoints::JsonRequestReader;

namespace {

/// What a fresh reader of the usual limits makes of a body.
struct Read {
    explicit Read(const std::string& body, std::size_t max_depth = 128) : reader(max_depth, 256) {
        request.set_body(body);
        error = reader.read(request);
    }
    std::string code() const { return error ? error->code : "none"; }
    std::string param() const { return error ? error->param : "none"; }
    JsonRequestReader reader;
    http::Request request;
    std::optional<http::WireError> error;
};

std::string nested(std::size_t depth) {
    // The object that holds the arrays is the first level.
    return "{\"a\":" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
}

}  // namespace

TEST_CASE("a body fills what the gateway needs of it", "[endpoints][unit]") {
    Read read(
        R"({"messages":[{"role":"user"}],"model":"gpt-4\u00e4","stream":true,"n":3,"stream_options":{"include_usage":true}})");
    REQUIRE(read.code() == "none");
    CHECK(read.request.is_json);
    CHECK(read.request.model == "gpt-4\xc3\xa4");
    CHECK(read.request.is_streaming);
    CHECK(read.request.wants_usage);
    CHECK(read.request.choice_count == 3);
}

TEST_CASE("what a body leaves out or gives as null has its default", "[endpoints][unit]") {
    Read read(GENERATE(as<std::string>(), "{}", R"({"model":null,"stream":null,"n":null,"stream_options":null})",
                       R"({"stream_options":{}})", R"({"stream_options":{"include_usage":null}})"));
    REQUIRE(read.code() == "none");
    CHECK(read.request.model.empty());
    CHECK_FALSE(read.request.is_streaming);
    CHECK_FALSE(read.request.wants_usage);
    CHECK(read.request.choice_count == 1);
}

TEST_CASE("what is not JSON is refused", "[endpoints][unit]") {
    auto body =
        GENERATE(as<std::string>(), "", " ", "{", "}", "{\"a\":}", "{\"a\":1,}", "{'a':1}", "{\"a\":01}", "{\"a\":1.}",
                 "{\"a\":.5}", "{\"a\":+1}", "{\"a\":NaN}", "{\"a\":1e}", "{} {}", "{}x", "{\"a\":\"\n\"}",
                 "{\"a\":\"\\x\"}", "{\"a\":truE}", "{/**/}", "{\"a\" 1}", "{a:1}", "{\"a\":00000000000000000000001}",
                 "{\"a\":1e400.5}", "{\"a\":123456789012345678901234x}", "{\"a\":-}", "\xEF\xBB\xBF{");
    CAPTURE(body);
    CHECK(Read(body).code() == "invalid_json");
}

TEST_CASE("what is JSON but no object is refused", "[endpoints][unit]") {
    for (const char* body : {"[]", "1", "\"text\"", "null", "true"}) {
        Read read(body);
        CHECK(read.code() == "invalid_request");
        CHECK(read.error->message.find("expected a JSON object") != std::string::npos);
    }
}

TEST_CASE("invalid UTF-8 is refused wherever it stands", "[endpoints][unit]") {
    for (const char* bytes : {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80"}) {
        CHECK(Read("{\"a\":\"" + std::string(bytes) + "\"}").code() == "invalid_json");
        CHECK(Read("{\"" + std::string(bytes) + "\":1}").code() == "invalid_json");
    }
}

TEST_CASE("128 levels are taken, 129 are not", "[endpoints][unit]") {
    CHECK(Read("{}", 1).code() == "none");
    CHECK(Read(nested(128)).code() == "none");
    CHECK(Read(nested(129)).code() == "invalid_json");
    CHECK(Read(nested(129)).error->message.find("128") != std::string::npos);
    CHECK(Read(nested(100000)).code() == "invalid_json");
    CHECK(Read(nested(5), 5).code() == "none");
    CHECK(Read(nested(6), 5).code() == "invalid_json");
}

TEST_CASE("members that steer the gateway may stand in the body once", "[endpoints][unit]") {
    auto [body, param] = GENERATE(table<std::string, std::string>({
        {R"({"model":"a","model":"a"})", "model"},
        {R"({"model":"a","m\u006fdel":"b"})", "model"},
        {R"({"model":null,"model":"b"})", "model"},
        {R"({"stream":false,"stream":true})", "stream"},
        {R"({"n":1,"n":2})", "n"},
        {R"({"stream_options":{},"stream_options":{}})", "stream_options"},
    }));
    Read read(body);
    CHECK(read.code() == "invalid_request");
    CHECK(read.param() == param);
    CHECK(Read(R"({"temperature":1,"temperature":2,"a":{"model":1,"model":2}})").code() == "none");
}

TEST_CASE("members of another type are refused with what was found", "[endpoints][unit]") {
    auto [body, param, found] = GENERATE(table<std::string, std::string, std::string>({
        {R"({"model":5})", "model", "a number"},
        {R"({"model":["a"]})", "model", "an array"},
        {R"({"stream":"true"})", "stream", "a string"},
        {R"({"stream":1})", "stream", "a number"},
        {R"({"stream_options":true})", "stream_options", "a boolean"},
        {R"({"stream_options":{"include_usage":{}}})", "stream_options.include_usage", "an object"},
    }));
    Read read(body);
    CHECK(read.code() == "invalid_request");
    CHECK(read.param() == param);
    CHECK(read.error->message.find("found " + found) != std::string::npos);
}

TEST_CASE("a model name has at most 256 characters, however many bytes", "[endpoints][unit]") {
    std::string euro;
    for (int i = 0; i < 256; ++i) euro += "\xe2\x82\xac";
    CHECK(Read("{\"model\":\"" + std::string(256, 'x') + "\"}").code() == "none");
    CHECK(Read("{\"model\":\"" + euro + "\"}").code() == "none");
    Read read("{\"model\":\"" + euro + "x\"}");
    CHECK(read.code() == "invalid_request");
    CHECK(read.param() == "model");
    CHECK(read.error->message.find("257") != std::string::npos);
}

TEST_CASE("a model name with half a surrogate pair is valid UTF-8 for all who read it", "[endpoints][unit]") {
    for (const char* escape : {"\\ud800", "\\udc00", "\\ud800\\ud800", "\\ud800x"}) {
        Read read("{\"model\":\"" + std::string(escape) + "\"}");
        std::string literal;
        http::append_json_string(literal, read.request.model);
        CAPTURE(escape);
        CHECK(literal == "\"" + read.request.model + "\"");  // nothing had to be replaced
    }
}

TEST_CASE("the number of choices is left to the backend where it makes no sense", "[endpoints][unit]") {
    for (const char* count : {"0", "-1", "2.5", "\"3\"", "[]", "1e2"}) {
        CAPTURE(count);
        Read read("{\"n\":" + std::string(count) + "}");
        CHECK(read.code() == "none");
        CHECK(read.request.choice_count == 1);
    }
}

TEST_CASE("numbers too large for a machine are JSON all the same and stay as they came", "[endpoints][unit]") {
    auto number = GENERATE(as<std::string>(), "123456789012345678901234567890", "-99999999999999999999", "1e400",
                           "-1E+999", "18446744073709551616", "0.1e-99999", "1.00000000000000000000000000001");
    const std::string body = "{\"seed\":" + number + ",\"text\":\"99999999999999999999e400 \\\" 1\",\"model\":\"m\"}";
    Read read(body);
    CHECK(read.code() == "none");
    CHECK(read.request.model == "m");
    CHECK(read.request.body() == body);
}

TEST_CASE("a reader is used again after errors, large and small bodies", "[endpoints][unit]") {
    JsonRequestReader reader(128, 256);
    http::Request request;
    const std::string large = "{\"model\":\"large\",\"text\":\"" + std::string(3'000'000, 'x') + "\"}";
    for (int round = 0; round < 3; ++round) {
        request.set_body("{\"model\":\"small\"}");
        CHECK_FALSE(reader.read(request));
        CHECK(request.model == "small");
        request.set_body("{\"model\":");
        CHECK(reader.read(request));
        request.forget_json();
        request.set_body(large);
        CHECK_FALSE(reader.read(request));
        CHECK(request.model == "large");
    }
}
