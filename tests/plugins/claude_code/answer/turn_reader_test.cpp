#include "answer/turn_reader.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "../padded_line.hpp"

using namespace sluice::claude_code;

namespace {

const std::string kStart =
    R"({"type":"stream_event","event":{"type":"message_start","message":{"usage":{"input_tokens":113,"cache_creation_input_tokens":11,"cache_read_input_tokens":22,"output_tokens":1}}}})";
const std::string kStop = R"({"type":"stream_event","event":{"type":"message_stop"}})";
const std::string kDone = R"({"type":"result","subtype":"success","is_error":false,"result":"x"})";

std::string event(const std::string& inner) { return R"({"type":"stream_event","event":)" + inner + "}"; }
std::string text_line(const std::string& text) {
    return event(R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":")" + text + "\"}}");
}
std::string tool_line(const std::string& name) {
    return event(
        R"({"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":")" + name +
        R"(","input":{}}})");
}
std::string input_line(const std::string& json) {
    return event(R"({"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":")" +
                 json + "\"}}");
}
const std::string kBlockStop = event(R"({"type":"content_block_stop","index":1})");
std::string stop_line(const std::string& reason) {
    return event(R"({"type":"message_delta","delta":{"stop_reason":")" + reason + R"("},"usage":{"output_tokens":5}})");
}
std::string synthetic_line(const std::string& error, const std::string& text) {
    return R"({"type":"assistant","message":{"model":"<synthetic>","content":[{"type":"text","text":")" + text +
           R"("}]},"error":")" + error + "\"}";
}
std::string failed_line(const std::string& status, const std::string& text) {
    return R"({"type":"result","subtype":"success","is_error":true,"api_error_status":)" + status + R"(,"result":")" +
           text + "\"}";
}

class Noted final : public AnswerWriter {
public:
    void add_text(std::string_view text) override { said += text; }
    void add_reasoning(std::string_view text) override { said += "<" + std::string(text) + ">"; }
    void begin_tool_call(std::string_view id, std::string_view name) override {
        said += "[" + std::string(id) + " " + std::string(name) + "]";
    }
    void add_tool_arguments(std::string_view json_piece) override { said += json_piece; }
    void finish(std::string_view, const sluice::Usage&) override {}
    std::string said;
};

struct Turn {
    explicit Turn(AnswerForm form = AnswerForm::kText, bool has_tools = false) : reader(form, has_tools, redactor) {
        reader.begin_answer(writer);
    }
    TurnState take(const std::vector<std::string>& lines) {
        TurnState state = TurnState::kRunning;
        for (const std::string& line : lines) {
            const PaddedLine padded(line);
            state = reader.take(records.read(padded.text()));
        }
        return state;
    }
    Redactor redactor{{}};
    CliRecordReader records;
    Noted writer;
    TurnReader reader;
};

}  // namespace

TEST_CASE("deltas are the answer, and the assistant record beside them is not", "[claude_code][turn_reader]") {
    Turn turn;
    CHECK(turn.take(
              {kStart, text_line("word1 "), text_line("word2"),
               R"({"type":"assistant","message":{"model":"claude","content":[{"type":"text","text":"word1 word2"}]}})",
               stop_line("end_turn"), kStop, kDone}) == TurnState::kDone);
    CHECK(turn.writer.said == "word1 word2");
    CHECK(turn.reader.finish_reason() == "stop");
    REQUIRE(turn.reader.usage());
    CHECK(turn.reader.usage()->prompt_tokens == 146);
    CHECK(turn.reader.usage()->cached_tokens == 22);
    CHECK(turn.reader.usage()->completion_tokens == 5);
}

TEST_CASE("thinking is reasoning", "[claude_code][turn_reader]") {
    Turn turn;
    turn.take({event(R"({"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"t1"}})"),
               text_line("a")});
    CHECK(turn.writer.said == "<t1>a");
}

TEST_CASE("an answer that reaches the limit of tokens ends at once", "[claude_code][turn_reader]") {
    Turn turn;
    CHECK(turn.take({kStart, text_line("a"), stop_line("max_tokens"), kStop, kStart, text_line("more")}) ==
          TurnState::kLength);
    CHECK(turn.writer.said == "a");
    CHECK(turn.reader.finish_reason() == "length");
    CHECK(turn.reader.usage()->completion_tokens == 5);
}

TEST_CASE("a refusal in the middle of a text ends it as filtered", "[claude_code][turn_reader]") {
    Turn turn;
    CHECK(turn.take({kStart, text_line("a"), synthetic_line("invalid_request", "API Error: unable"),
                     stop_line("refusal"), kStop, failed_line("null", "API Error: unable")}) == TurnState::kDone);
    CHECK(turn.writer.said == "a");
    CHECK(turn.reader.finish_reason() == "content_filter");
    Turn silent;
    CHECK(silent.take({kStart, stop_line("refusal"), kStop, failed_line("null", "API Error: unable")}) ==
          TurnState::kFailed);
}

TEST_CASE("a call of a client's tool ends the answer, and the next one begins anew", "[claude_code][turn_reader]") {
    Turn turn(AnswerForm::kText, true);
    CHECK(turn.take({kStart, tool_line("mcp__gw__get_weather"), input_line(""), input_line(R"({\"city\":1})"),
                     kBlockStop, stop_line("tool_use"), kStop}) == TurnState::kToolCalls);
    CHECK(turn.writer.said == R"([toolu_1 get_weather]{"city":1})");
    CHECK(turn.reader.finish_reason() == "tool_calls");
    Noted second;
    turn.reader.begin_answer(second);
    CHECK(turn.take({kStart, text_line("sunny"), stop_line("end_turn"), kStop, kDone}) == TurnState::kDone);
    CHECK(second.said == "sunny");
    CHECK(turn.reader.finish_reason() == "stop");
    CHECK(turn.reader.usage()->prompt_tokens == 146);
}

TEST_CASE("a call without arguments has an empty object of them", "[claude_code][turn_reader]") {
    Turn turn(AnswerForm::kText, true);
    turn.take({kStart, tool_line("mcp__gw__now"), kBlockStop});
    CHECK(turn.writer.said == "[toolu_1 now]{}");
}

TEST_CASE("a tool nobody offered is left to the program", "[claude_code][turn_reader]") {
    Turn turn(AnswerForm::kText, true);
    CHECK(turn.take({kStart, tool_line("Bash"), input_line("{}"), kBlockStop, stop_line("tool_use"), kStop, kStart,
                     text_line("sorry"), stop_line("end_turn"), kStop, kDone}) == TurnState::kDone);
    CHECK(turn.writer.said == "sorry");
    CHECK(turn.reader.usage()->prompt_tokens == 292);
    CHECK(turn.reader.usage()->completion_tokens == 10);
}

TEST_CASE("only the output that satisfied the schema is content", "[claude_code][turn_reader]") {
    Turn turn(AnswerForm::kJsonSchema);
    CHECK(turn.take({kStart, text_line("calling "), tool_line("StructuredOutput"), input_line("{}"), kBlockStop,
                     stop_line("tool_use"), kStop, kStart, tool_line("StructuredOutput"),
                     input_line(R"({\"name\":\"bob\"})"), kBlockStop, stop_line("tool_use"), kStop}) ==
          TurnState::kRunning);
    CHECK(turn.writer.said.empty());
    CHECK(turn.take({R"({"type":"result","subtype":"success","is_error":false,"structured_output":{"name":"bob"}})"}) ==
          TurnState::kDone);
    CHECK(turn.writer.said == R"({"name":"bob"})");
    CHECK(turn.reader.finish_reason() == "stop");
}

TEST_CASE("a model that does not satisfy the schema has failed", "[claude_code][turn_reader]") {
    Turn turn(AnswerForm::kJsonSchema);
    CHECK(turn.take({kStart, text_line("prose"), stop_line("end_turn"), kStop, kDone}) == TurnState::kFailed);
    CHECK(turn.writer.said.empty());
    CHECK(turn.reader.error().code() == "backend_error");
    CHECK(std::string(turn.reader.error().what()).find("schema") != std::string::npos);
}

TEST_CASE("an output that reaches the limit of tokens is given as far as it goes", "[claude_code][turn_reader]") {
    Turn turn(AnswerForm::kJsonSchema);
    CHECK(turn.take({kStart, tool_line("StructuredOutput"), input_line(R"({\"na)"), stop_line("max_tokens")}) ==
          TurnState::kLength);
    CHECK(turn.writer.said == R"({"na)");
}

TEST_CASE("a result that is an error fails the turn whatever its subtype", "[claude_code][turn_reader]") {
    struct Case {
        const char* status;
        const char* error;
        const char* text;
        const char* code;
    };
    for (const Case& each :
         {Case{"401", "authentication_failed", "Failed to authenticate. API Error: 401 fake 401",
               "backend_auth_failed"},
          Case{"403", "authentication_failed", "Failed to authenticate. API Error: 403", "backend_auth_failed"},
          Case{"400", "unknown", "API Error: 400 bad thing", "invalid_request"},
          Case{"404", "model_not_found", "There's an issue with the selected model (xyz).", "model_not_found"},
          Case{"413", "invalid_request", "Request too large (max 32MB)", "invalid_request"},
          Case{"429", "rate_limit", "API Error: Request rejected (429)", "rate_limit_exceeded"},
          Case{"500", "server_error", "API Error: 500", "backend_overloaded"},
          Case{"529", "overloaded", "API Error: 529", "backend_overloaded"},
          Case{"null", "server_error", "API Error: Unable to connect to API (ConnectionRefused)", "backend_error"},
          Case{"null", "server_error", "Request timed out", "backend_error"},
          Case{"null", "authentication_failed", "Not logged in", "backend_auth_failed"}}) {
        INFO(each.text);
        Turn turn;
        CHECK(turn.take({synthetic_line(each.error, each.text), failed_line(each.status, each.text)}) ==
              TurnState::kFailed);
        CHECK(turn.writer.said.empty());
        CHECK(turn.reader.error().code() == each.code);
    }
}

TEST_CASE("a connection that is lost in the middle fails the turn and keeps its content",
          "[claude_code][turn_reader]") {
    Turn turn;
    CHECK(turn.take({kStart, text_line("word1 "), synthetic_line("server_error", "API Error: lost"),
                     failed_line("null", "API Error: Connection to the API was lost (ECONNRESET).")}) ==
          TurnState::kFailed);
    CHECK(turn.reader.has_content());
    CHECK(turn.writer.said == "word1 ");
}

TEST_CASE("refused credentials fail at the first retry, other retries go on", "[claude_code][turn_reader]") {
    Turn turn;
    CHECK(
        turn.take({R"({"type":"system","subtype":"api_retry","attempt":1,"error_status":429,"error":"rate_limit"})"}) ==
        TurnState::kRunning);
    CHECK(
        turn.take(
            {R"({"type":"system","subtype":"api_retry","attempt":1,"max_retries":10,"retry_delay_ms":611.13,"error_status":401,"error":"authentication_failed"})"}) ==
        TurnState::kFailed);
    CHECK(turn.reader.error().code() == "backend_auth_failed");
}

TEST_CASE("a rejected rate limit says when to come again", "[claude_code][turn_reader]") {
    const std::string limit =
        R"({"type":"rate_limit_event","rate_limit_info":{"status":"rejected","resetsAt":1795367687}})";
    const std::string result = failed_line("429", "You've hit your session limit");
    Turn turn;
    turn.reader.set_unix_time(1795367587);
    CHECK(turn.take({limit, result}) == TurnState::kFailed);
    CHECK(turn.reader.error().retry_after() == std::chrono::seconds(100));
    Turn timeless;
    CHECK(timeless.take({limit, result}) == TurnState::kFailed);
    CHECK(timeless.reader.error().retry_after() > std::chrono::seconds(0));
}

TEST_CASE("usage comes from the result where no message told it", "[claude_code][turn_reader]") {
    Turn turn;
    CHECK_FALSE(turn.reader.usage());
    turn.take(
        {R"({"type":"result","subtype":"success","is_error":false,"usage":{"input_tokens":1,"output_tokens":2}})"});
    REQUIRE(turn.reader.usage());
    CHECK(turn.reader.usage()->prompt_tokens == 1);
    CHECK(turn.reader.usage()->completion_tokens == 2);
}
