#include "request/prompt.hpp"

#include <catch2/catch.hpp>

#include "reading.hpp"

using namespace sluice::claude_code;
using namespace sluice::claude_code::testing;

namespace {

std::string prompt(const std::string& messages, bool is_new_session = true) {
    return prompt_content(read(of(messages), kAll), is_new_session);
}

const std::string kHistory = R"({"role":"system","content":"S"},{"role":"user","content":"one"},
    {"role":"assistant","content":"two"},{"role":"user","content":"/three"})";
const std::string kPicture = R"({"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}})";
const std::string kBlock = R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}})";

}  // namespace

TEST_CASE("a single message is asked as it is", "[claude_code][unit]") {
    CHECK(prompt(R"({"role":"user","content":"a\u0000\n\"b"})") == R"("a\u0000\n\"b")");
    CHECK(prompt(R"({"role":"user","content":"/clear"})") == R"("\n/clear")");
    CHECK(prompt(R"({"role":"user","content":"x /clear"})") == R"("x /clear")");
}

TEST_CASE("a new session is asked with its whole history, a resumed one with the last message", "[claude_code][unit]") {
    CHECK(prompt(kHistory) == R"("User: one\n\nAssistant: two\n\nUser: /three")");
    CHECK(prompt(kHistory, false) == R"("\n/three")");
}

TEST_CASE("pictures are blocks, and blank texts beside them are left out", "[claude_code][unit]") {
    const std::string user =
        R"({"role":"user","content":[{"type":"text","text":"/cost"},)" + kPicture + R"(,{"type":"text","text":" "}]})";
    CHECK(prompt(user) == R"([{"type":"text","text":"\n/cost"},)" + kBlock + "]");
    CHECK(prompt(user + R"(,{"role":"user","content":"b"})") ==
          "[" + kBlock + R"(,{"type":"text","text":"User: /cost\n[Image 1]\n \n\nUser: b"}])");
    CHECK(prompt(R"({"role":"user","content":[)" + kPicture + "]}") == "[" + kBlock + "]");
}

TEST_CASE("calls of tools and their results are told in words", "[claude_code][unit]") {
    const std::string messages = R"({"role":"user","content":"q"},{"role":"assistant","content":"let me see",
        "tool_calls":[{"id":"c1","function":{"name":"f","arguments":"{\"a\":1}"}}]},
        {"role":"tool","tool_call_id":"c1","content":"r"})";
    CHECK(prompt(messages) ==
          R"("User: q\n\nAssistant: let me see\n[Tool call c1: f {\"a\":1}]\n\nTool result c1: r")");
    CHECK(prompt(messages, false) == R"("Tool result c1: r")");
}
