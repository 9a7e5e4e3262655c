#include "process/stdin_records.hpp"

#include <catch2/catch.hpp>

using namespace sluice::claude_code;

TEST_CASE("records are what the program reads", "[claude_code][unit]") {
    CHECK(user_record(R"("hi")") == "{\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":\"hi\"}}\n");
    CHECK(probe_record("p\"") ==
          "{\"type\":\"control_request\",\"request_id\":\"p\\\"\",\"request\":{\"subtype\":\"get_settings\"}}\n");
    CHECK(interrupt_record("i") ==
          "{\"type\":\"control_request\",\"request_id\":\"i\",\"request\":{\"subtype\":\"interrupt\"}}\n");
    CHECK(tool_channel_record("t", R"({"id":1})") ==
          "{\"type\":\"control_response\",\"response\":{\"subtype\":\"success\",\"request_id\":\"t\","
          "\"response\":{\"mcp_response\":{\"id\":1}}}}\n");
}

TEST_CASE("a set-up names what there is", "[claude_code][unit]") {
    const std::string head =
        "{\"type\":\"control_request\",\"request_id\":\"s\",\"request\":{\"subtype\":\"initialize\"";
    CHECK(setup_record("s", {}) == head + "}}\n");
    CHECK(setup_record("s", {"a\nb", R"({"type":"object"})", true, "[]"}) ==
          head + R"(,"systemPrompt":["a\nb"],"jsonSchema":{"type":"object"},"sdkMcpServers":["gw"]}})" + "\n");
}

TEST_CASE("settings that are not asked for are taken back", "[claude_code][unit]") {
    const std::string head =
        "{\"type\":\"control_request\",\"request_id\":\"s\",\"request\":{\"subtype\":\"apply_flag_settings\","
        "\"settings\":";
    CHECK(settings_record("s", {}) == head + R"({"effortLevel":null,"env":{"CLAUDE_CODE_EXTRA_BODY":"{}"}}}})" + "\n");
    CHECK(settings_record("s", {R"({"top_p":1})", "low"}) ==
          head + R"({"effortLevel":"low","env":{"CLAUDE_CODE_EXTRA_BODY":"{\"top_p\":1}"}}}})" + "\n");
}

TEST_CASE("a line end in a value begins no record", "[claude_code][unit]") {
    CHECK(user_record("[\n1,\r\n2]").find_first_of("\r\n") == user_record("[ 1,  2]").size() - 1);
    CHECK(user_record("[\n1,\r\n2]") == user_record("[ 1,  2]"));
}
