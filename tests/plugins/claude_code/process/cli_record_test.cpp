#include "process/cli_record.hpp"
#include "process/offered_models.hpp"

#include <catch2/catch.hpp>

#include <string>

#include "../padded_line.hpp"

using namespace sluice::claude_code;

namespace {

const std::string kBehind =
    R"(,"session_id":"264bb516-b9f0-45f4-9857-d41425c5b2d3","parent_tool_use_id":null,"uuid":"3ce9adb2-3e8e-48ab-8f00-65a731c0f14f"})";

std::string delta_line(const std::string& type, const std::string& field, const std::string& json_string) {
    return R"({"type":"stream_event","event":{"type":"content_block_delta","index":3,"delta":{"type":")" + type +
           R"(",")" + field + R"(":)" + json_string + "}}" + kBehind;
}

}  // namespace

TEST_CASE("a delta is read with its text and its block", "[claude_code][cli_record]") {
    CliRecordReader reader;
    const PaddedLine text(delta_line("text_delta", "text", "\"word1 \""));
    CHECK(reader.read(text.text()).kind == RecordKind::kTextDelta);
    CHECK(reader.read(text.text()).text == "word1 ");
    CHECK(reader.read(text.text()).block_index == 3);
    const PaddedLine thinking(delta_line("thinking_delta", "thinking", "\"hm\""));
    CHECK(reader.read(thinking.text()).kind == RecordKind::kThinkingDelta);
    CHECK(reader.read(thinking.text()).text == "hm");
    const PaddedLine input(delta_line("input_json_delta", "partial_json", R"("{\"a\"")"));
    CHECK(reader.read(input.text()).kind == RecordKind::kToolInputDelta);
    CHECK(reader.read(input.text()).text == "{\"a\"");
    const PaddedLine signature(delta_line("signature_delta", "signature", "\"ZmFrZQ==\""));
    CHECK(reader.read(signature.text()).kind == RecordKind::kOther);
}

TEST_CASE("escapes of a delta are undone, whoever reads them", "[claude_code][cli_record]") {
    CliRecordReader reader;
    const PaddedLine plain(delta_line("text_delta", "text", R"("a\n\"b\"\\\t/\/ü")"));
    CHECK(reader.read(plain.text()).text == "a\n\"b\"\\\t//ü");
    const PaddedLine unicode(delta_line("text_delta", "text", R"("\u00fc\ud83d\ude00")"));
    CHECK(reader.read(unicode.text()).text == "ü😀");
}

TEST_CASE("half a surrogate pair becomes a replacement character", "[claude_code][cli_record]") {
    CliRecordReader reader;
    const PaddedLine line(delta_line("text_delta", "text", R"("a\ud83d\\ud83d\ude00b")"));
    const CliRecord record = reader.read(line.text());
    CHECK(record.kind == RecordKind::kTextDelta);
    CHECK(record.text ==
          "a\uFFFD\\ud83d\uFFFD"
          "b");
}

TEST_CASE("members may stand in any order, with blanks between them", "[claude_code][cli_record]") {
    CliRecordReader reader;
    const PaddedLine line(
        R"({ "uuid":"x", "event": {"delta": {"text": "hi", "type": "text_delta"}, "index": 1, "type": "content_block_delta"}, "type": "stream_event"} )");
    const CliRecord record = reader.read(line.text());
    CHECK(record.kind == RecordKind::kTextDelta);
    CHECK(record.text == "hi");
    CHECK(record.block_index == 1);
}

TEST_CASE("what is no JSON object is malformed", "[claude_code][cli_record]") {
    CliRecordReader reader;
    const std::string good = delta_line("text_delta", "text", "\"a\"");
    for (const std::string& line :
         {std::string(), std::string("x"), std::string("[1]"), std::string("\"a\""), std::string("{"), good + "x",
          good.substr(0, good.size() - 1), delta_line("text_delta", "text", "\"a\nb\""),
          delta_line("text_delta", "text", "\"a\xFF\""), delta_line("text_delta", "text", R"("\q")")}) {
        INFO(line);
        const PaddedLine padded(line);
        CHECK(reader.read(padded.text()).kind == RecordKind::kMalformed);
    }
    const PaddedLine empty("{}");
    CHECK(reader.read(empty.text()).kind == RecordKind::kOther);
}

TEST_CASE("a message is read with its usage and its end", "[claude_code][cli_record]") {
    CliRecordReader reader;
    const PaddedLine start(
        R"({"type":"stream_event","event":{"type":"message_start","message":{"id":"msg_1","usage":{"input_tokens":117,"cache_creation_input_tokens":11,"cache_read_input_tokens":22,"output_tokens":1}}}})");
    const CliRecord started = reader.read(start.text());
    CHECK(started.kind == RecordKind::kMessageStart);
    REQUIRE(started.usage);
    CHECK(started.usage->input_tokens == 117);
    CHECK(started.usage->cache_creation_tokens == 11);
    CHECK(started.usage->cache_read_tokens == 22);
    const PaddedLine delta(
        R"({"type":"stream_event","event":{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":9}}})");
    const CliRecord ended = reader.read(delta.text());
    CHECK(ended.kind == RecordKind::kMessageDelta);
    CHECK(ended.stop_reason == "end_turn");
    REQUIRE(ended.usage);
    CHECK(ended.usage->output_tokens == 9);
}

TEST_CASE("values are handed on as they were written", "[claude_code][cli_record]") {
    CliRecordReader reader;
    const PaddedLine channel(
        R"({"type":"control_request","request_id":"r1","request":{"subtype":"mcp_message","server_name":"gw","message":{"method":"tools/list", "id":1.0}}})");
    const CliRecord call = reader.read(channel.text());
    CHECK(call.kind == RecordKind::kToolChannel);
    CHECK(call.request_id == "r1");
    CHECK(call.message == R"({"method":"tools/list", "id":1.0})");
    const PaddedLine result(
        R"({"type":"result","subtype":"success","is_error":false,"api_error_status":null,"result":"x","structured_output":{"n":1.50} ,"uuid":"y"})");
    const CliRecord done = reader.read(result.text());
    CHECK(done.kind == RecordKind::kResult);
    CHECK(done.structured_output == R"({"n":1.50})");
    const PaddedLine scalar(R"({"type":"result","structured_output":12 ,"uuid":"y"})");
    CHECK(reader.read(scalar.text()).structured_output == "12");
    const PaddedLine none(R"({"type":"result","structured_output":null})");
    CHECK(reader.read(none.text()).structured_output.empty());
}

TEST_CASE("a result without text tells the first of its errors", "[claude_code][cli_record]") {
    CliRecordReader reader;
    const PaddedLine line(
        R"({"type":"result","subtype":"error_during_execution","is_error":true,"errors":["No conversation found with session ID: 45af50e2"]})");
    const CliRecord record = reader.read(line.text());
    CHECK(record.is_error);
    CHECK(record.subtype == "error_during_execution");
    CHECK(record.text == "No conversation found with session ID: 45af50e2");
}

TEST_CASE("answers and questions of the control protocol are told apart", "[claude_code][cli_record]") {
    CliRecordReader reader;
    const PaddedLine refused(
        R"({"type":"control_response","response":{"subtype":"error","request_id":"i","error":"Unsupported"}})");
    const CliRecord response = reader.read(refused.text());
    CHECK(response.kind == RecordKind::kControlResponse);
    CHECK(response.is_error);
    CHECK(response.request_id == "i");
    CHECK(response.text == "Unsupported");
    const PaddedLine asked(R"({"type":"control_request","request_id":"q","request":{"subtype":"can_use_tool"}})");
    CHECK(reader.read(asked.text()).kind == RecordKind::kControlRequest);
    CHECK(reader.read(asked.text()).subtype == "can_use_tool");
}

TEST_CASE("an answer to a control request brings what it says, and the models in it", "[claude_code][unit]") {
    const PaddedLine line(
        R"({"type":"control_response","response":{"subtype":"success","request_id":"t1","response":{"models":[{"value":"opus[1m]","resolvedModel":"claude-opus-4-8[1m]"},{"value":"haiku"},{"x":1}]}}})");
    CliRecordReader reader;
    const CliRecord record = reader.read(line.text());
    REQUIRE(record.kind == RecordKind::kControlResponse);
    CHECK_FALSE(record.is_error);
    const auto models = read_offered_models(record.message);
    REQUIRE(models.size() == 2);
    CHECK(models[0].name == "opus[1m]");
    CHECK(models[0].resolved == "claude-opus-4-8[1m]");
    CHECK(models[1].resolved.empty());
    CHECK(read_offered_models("{}").empty());
    CHECK(read_offered_models("").empty());
}
