#include <catch2/catch.hpp>

#include "reading.hpp"

using namespace sluice::claude_code;
using namespace sluice::claude_code::testing;

TEST_CASE("system and developer messages are joined by a blank line", "[claude_code][unit]") {
    const ChatRequest request = read(of(R"({"role":"system","content":"A"},{"role":"user","content":"hi"},
        {"role":"developer","content":[{"type":"text","text":"B"},{"type":"text","text":"C"}]})"));
    CHECK(request.system_prompt == "A\n\nB\n\nC");
    REQUIRE(request.messages.size() == 1);
    CHECK(request.messages[0].parts.at(0).text == "hi");
}

TEST_CASE("control characters survive in a text", "[claude_code][unit]") {
    const ChatRequest request = read(of(R"({"role":"user","content":"a\u0000b\u001b\n"})"));
    CHECK(request.messages.at(0).parts.at(0).text == std::string("a\0b\x1b\n", 5));
}

TEST_CASE("bad messages are refused where they are bad", "[claude_code][unit]") {
    const std::string user = R"({"role":"user","content":"hi"},)";
    CHECK(refusal(of("3")) == "invalid_request messages[0]");
    CHECK(refusal(of(user + R"({"content":"x"})")) == "invalid_request messages[1].role");
    CHECK(refusal(of(user + R"({"role":"king","content":"x"})")) == "invalid_request messages[1].role");
    CHECK(refusal(of(user + R"({"role":"user"})")) == "invalid_request messages[1].content");
    CHECK(refusal(of(user + R"({"role":"user","content":3})")) == "invalid_request messages[1].content");
    CHECK(refusal(of(user + R"({"role":"user","content":["x"]})")) == "invalid_request messages[1].content[0]");
    CHECK(refusal(of(user + R"({"role":"user","content":[{"type":"text","text":1}]})")) ==
          "invalid_request messages[1].content[0].text");
    CHECK(refusal(of(user + R"({"role":"user","content":[{"type":"odd"}]})")) ==
          "invalid_request messages[1].content[0].type");
    CHECK(refusal(of(user + R"({"role":"assistant","content":null})")) == "invalid_request messages[1].content");
    CHECK(refusal(of(user + R"({"role":"function","name":"f","content":"x"})"), kAll) ==
          "unsupported_parameter messages[1].role");
}

TEST_CASE("a user has to say something", "[claude_code][unit]") {
    CHECK(refusal(of("")) == "invalid_request messages");
    CHECK(refusal(of(R"({"role":"system","content":"x"})")) == "invalid_request messages");
    for (const std::string content : {R"("")", R"(" \n")", "[]", R"([{"type":"text","text":""}])"}) {
        CHECK(refusal(of(R"({"role":"user","content":"hi"},{"role":"user","content":)" + content + "}")) ==
              "invalid_request messages");
        CHECK(refusal(of(R"({"role":"user","content":)" + content + R"(},{"role":"user","content":"hi"})")) ==
              "accepted");
    }
}

TEST_CASE("messages are counted, and their characters as code points", "[claude_code][unit]") {
    const std::string two = of(R"({"role":"user","content":"éé"},{"role":"user","content":"x"})");
    CHECK(refusal(two, kNone, nullptr, 2, 2) == "accepted");
    CHECK(refusal(two, kNone, nullptr, 1, 0) == "invalid_request messages");
    std::string message;
    CHECK(refusal(two, kNone, &message, 0, 1) == "invalid_request messages[0].content");
    CHECK(message == "messages[0].content: found 2 characters, expected at most 1.");
    CHECK(refusal(of(R"({"role":"system","content":"abc"},{"role":"user","content":"x"})"), kNone, nullptr, 0, 2) ==
          "invalid_request messages[0].content");
}

TEST_CASE("parts that are no text need their feature", "[claude_code][unit]") {
    const std::string picture =
        of(R"({"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]})");
    CHECK(refusal(picture) == "unsupported_parameter messages[0].content[0]");
    CHECK(read(picture, kAll).messages.at(0).parts.at(0).image_json.find("base64") != std::string::npos);
    for (const std::string type : {"input_audio", "file"}) {
        CHECK(refusal(of(R"({"role":"user","content":[{"type":")" + type + R"("}]})"), kAll) ==
              "unsupported_parameter messages[0].content[0]");
    }
    CHECK(refusal(of(R"({"role":"system","content":[{"type":"image_url","image_url":{"url":"https://a"}}]})"), kAll) ==
          "unsupported_parameter messages[0].content[0]");
    CHECK(refusal(of(R"({"role":"user","content":[{"type":"image_url","image_url":{"url":"http://a"}}]})"), kAll) ==
          "invalid_request messages[0].content[0].image_url.url");
}

TEST_CASE("an assistant may have refused", "[claude_code][unit]") {
    const ChatRequest request = read(of(R"({"role":"user","content":"a"},
        {"role":"assistant","content":null,"refusal":"no","tool_calls":[],"audio":null},
        {"role":"assistant","content":[{"type":"refusal","refusal":"never"},{"type":"text","text":"x"}]})"));
    CHECK(request.messages.at(1).parts.at(0).text == "no");
    CHECK(request.messages.at(2).parts.at(0).text == "never");
}

TEST_CASE("calls of tools and their results need the feature", "[claude_code][unit]") {
    const std::string call = R"({"role":"user","content":"a"},{"role":"assistant","content":null,"tool_calls":[
        {"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]})";
    const std::string result = R"({"role":"tool","tool_call_id":"c1","content":"r"})";
    CHECK(refusal(of(call)) == "unsupported_parameter messages[1].tool_calls");
    CHECK(refusal(of(R"({"role":"user","content":"a"},)" + result)) == "unsupported_parameter messages[1].role");
    const ChatRequest request = read(of(call + "," + result), kAll);
    CHECK(request.has_tool_results());
    CHECK(request.messages.at(1).tool_calls.at(0).name == "f");
    CHECK(request.messages.at(2).tool_call_id == "c1");
    CHECK(refusal(of(call + R"(,{"role":"tool","content":"r"})"), kAll) == "invalid_request messages[2].tool_call_id");
}
