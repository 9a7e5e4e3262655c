#include <catch2/catch.hpp>

#include "reading.hpp"

using namespace sluice::claude_code;
using namespace sluice::claude_code::testing;

TEST_CASE("a plain request is read", "[claude_code][unit]") {
    const ChatRequest request = read(with(R"("stream":true,"stream_options":{"include_usage":true})"));
    CHECK(request.model == "opus");
    CHECK(request.cli_model == "opus");
    CHECK(request.is_stream);
    CHECK(request.wants_usage);
    CHECK(request.ignored_params.empty());
    CHECK(request.extra_body.empty());
    CHECK(request.json_schema.empty());
}

TEST_CASE("model and messages are required, null counts as missing", "[claude_code][unit]") {
    CHECK(refusal(R"({"messages":[{"role":"user","content":"hi"}]})") == "missing_required_parameter model");
    CHECK(refusal(R"({"model":null,"messages":[]})") == "missing_required_parameter model");
    CHECK(refusal(R"({"model":"opus"})") == "missing_required_parameter messages");
    CHECK(refusal(R"({"model":"opus","messages":null})") == "missing_required_parameter messages");
}

TEST_CASE("wrong types are named with what was found and expected", "[claude_code][unit]") {
    std::string message;
    CHECK(refusal(R"({"model":3,"messages":[]})", kNone, &message) == "invalid_request model");
    CHECK(message == "model: found a number, expected a string.");
    CHECK(refusal(R"({"model":"opus","messages":{}})") == "invalid_request messages");
    CHECK(refusal(with(R"("stream":"yes")")) == "invalid_request stream");
    CHECK(refusal(with(R"("stream_options":[])")) == "invalid_request stream_options");
    CHECK(refusal(with(R"("stream_options":{"include_usage":1})")) == "invalid_request stream_options.include_usage");
}

TEST_CASE("an unknown model is refused with the names that are known", "[claude_code][unit]") {
    try {
        read(R"({"model":"nope","messages":[{"role":"user","content":"hi"}]})");
        FAIL("accepted");
    } catch (const sluice::Error& error) {
        CHECK(error.code() == "model_not_found");
        CHECK(error.http_status() == 400);
        CHECK(error.param() == "model");
        CHECK(std::string(error.what()).find("claude-sonnet-4-6") != std::string::npos);
    }
}

TEST_CASE("what is not passed on is listed in the order it came, without nulls and once", "[claude_code][unit]") {
    CHECK(read(with(R"("user":"u","temperature":1,"n":1,"top_p":null,"seed":4,"what":0,"seed":5,"logprobs":false)"))
              .ignored_params == "user,temperature,n,seed,what,logprobs");
    CHECK(read(with(R"("max_tokens":5,"reasoning_effort":"odd")")).ignored_params == "max_tokens,reasoning_effort");
    CHECK(read(with(R"("response_format":{"type":"text"},"modalities":["text"])")).ignored_params.empty());
}

TEST_CASE("names of ignored parameters cannot break the header", "[claude_code][unit]") {
    CHECK(read(with(R"("a\r\nSet-Cookie: x":1,"é,":2,"":3)")).ignored_params == "a__Set-Cookie__x,___");
    std::string members = R"("first":1)";
    for (int i = 0; i < 500; ++i) members += ",\"parameter_" + std::to_string(i) + "\":1";
    const std::string listed = read(with(members)).ignored_params;
    CHECK(listed.size() <= 1024);
    CHECK(listed.starts_with("first,parameter_0,"));
}

TEST_CASE("parameters of tier 3 are refused by name, with advice", "[claude_code][unit]") {
    for (const std::string name : {"tools", "tool_choice", "functions", "function_call", "top_logprobs", "logit_bias",
                                   "audio", "prediction", "web_search_options", "logprobs", "modalities"}) {
        INFO(name);
        std::string message;
        CHECK(refusal(with("\"" + name + "\":[1]"), kNone, &message) == "unsupported_parameter " + name);
        CHECK(message.find("eave it out") != std::string::npos);
        CHECK(refusal(with("\"" + name + "\":null")) == "accepted");
    }
    CHECK(refusal(with(R"("n":2)")) == "unsupported_parameter n");
    CHECK(refusal(with(R"("n":0)")) == "invalid_request n");
    CHECK(refusal(with(R"("n":"1")")) == "invalid_request n");
    CHECK(refusal(with(R"("modalities":["text","audio"])")) == "unsupported_parameter modalities");
}

TEST_CASE("a response format is honoured as far as it is supported", "[claude_code][unit]") {
    const std::string schema = R"("response_format":{"type":"json_schema","json_schema":{"name":"a","strict":true,
        "schema":{"type":"object",
        "properties":{"a":{"const":"x\ny"}}}}})";
    CHECK(refusal(with(schema)) == "unsupported_parameter response_format");
    CHECK(read(with(schema), kAll).json_schema == R"({"type":"object","properties":{"a":{"const":"x\ny"}}})");
    CHECK(refusal(with(R"("response_format":{"type":"json_object"})"), kAll) ==
          "unsupported_parameter response_format");
    CHECK(refusal(with(R"("response_format":{"type":"odd"})"), kAll) == "invalid_request response_format.type");
    CHECK(refusal(with(R"("response_format":{})"), kAll) == "invalid_request response_format.type");
    CHECK(refusal(with(R"("response_format":"text")"), kAll) == "invalid_request response_format");
    CHECK(refusal(with(R"("response_format":{"type":"json_schema"})"), kAll) ==
          "invalid_request response_format.json_schema");
    CHECK(refusal(with(R"("response_format":{"type":"json_schema","json_schema":{"schema":[]}})"), kAll) ==
          "invalid_request response_format.json_schema.schema");
}
