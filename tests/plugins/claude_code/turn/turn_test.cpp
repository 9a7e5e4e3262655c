#include "turn/turn.hpp"

#include <catch2/catch.hpp>

#include "turn_stage.hpp"

using namespace sluice::claude_code;
using namespace std::chrono_literals;
using sluice::testing::FakeCall;

namespace {

const std::string kFirst = "00000000-0000-4000-8000-000000000001";

std::string text_of(const FakeCall& call) {
    std::string text;
    for (const auto& event : call.events()) text += event.data + "\n";
    return text;
}

ChatRequest with_tool(ChatRequest request) {
    request.tools.push_back(Tool{"weather", "The weather", R"({"type":"object","properties":{}})"});
    return request;
}

ChatRequest with_result(ChatRequest request, std::string call_id) {
    request.messages.push_back(Message{Role::kAssistant, {}, {ToolCall{call_id, "weather", "{}"}}, {}});
    request.messages.push_back(Message{Role::kTool, {ContentPart{"sunny", {}}}, {}, std::move(call_id)});
    return request;
}

void call_the_tool(TalkingProcess& process, const std::string& id) {
    process.say(
        R"({"type":"stream_event","event":{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":")" +
        id + R"(","name":"mcp__gw__weather","input":{}}}})");
    process.say(
        R"({"type":"stream_event","event":{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{}"}}})");
    process.say(R"({"type":"stream_event","event":{"type":"content_block_stop","index":1}})");
    process.say(
        R"({"type":"stream_event","event":{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":4}}})");
    process.say(R"({"type":"stream_event","event":{"type":"message_stop"}})");
}

std::string tool_question(const std::string& request_id, const std::string& call_id) {
    return R"({"type":"control_request","request_id":")" + request_id +
           R"(","request":{"subtype":"mcp_message","server_name":"gw","message":{"method":"tools/call","params":{"name":"weather","arguments":{},"_meta":{"claudecode/toolUseId":")" +
           call_id + R"("}},"jsonrpc":"2.0","id":7}}})";
}

}  // namespace

TEST_CASE("a new session is named before its first text, and kept", "[claude_code][turn][unit]") {
    TurnStage stage;
    FakeCall call(stage.host, stage.chat());
    stage.start(call);
    REQUIRE(stage.all.size() == 1);
    CHECK(stage.process().was_told(R"("content":"hi")"));
    CHECK_FALSE(call.head());
    stage.process().say_text("good morning");
    REQUIRE(call.head());
    CHECK(call.attribute("session.id") == kFirst);
    stage.process().say_result();
    CHECK(call.is_finished());
    CHECK_THAT(text_of(call), Catch::Contains("good morning") && Catch::Contains(R"("finish_reason":"stop")"));
    CHECK(stage.over == 1);
    CHECK(stage.store.records.count(kFirst) == 1);
    CHECK(stage.sessions.busy_count() == 0);
    CHECK(stage.pool.figures().idle == 1);
    CHECK(stage.host.breaches().text() == "");
}

TEST_CASE("no client hears of a session before it is stored", "[claude_code][turn][unit]") {
    TurnStage stage;
    stage.store.is_held_back = true;
    FakeCall call(stage.host, stage.chat());
    stage.start(call);
    stage.process().say_text("too early");
    CHECK_FALSE(call.head());
    while (!stage.store.waiting.empty()) stage.store.answer_next();
    CHECK(call.head());
    CHECK_THAT(text_of(call), Catch::Contains("too early"));
    stage.store.is_held_back = false;
    stage.process().say_result();
    CHECK(call.is_finished());
}

TEST_CASE("an answer that is complete before its session is stored comes when it is", "[claude_code][turn][unit]") {
    TurnStage stage;
    stage.store.is_held_back = true;
    const bool is_stream = GENERATE(true, false);
    FakeCall call(stage.host, stage.chat(is_stream));
    stage.start(call, "", asked("hi", is_stream));
    stage.process().say_text("quick");
    stage.process().say_result();
    CHECK_FALSE(call.is_ended());
    stage.store.is_held_back = false;
    while (!stage.store.waiting.empty()) stage.store.answer_next();
    CHECK(call.is_finished());
    CHECK_THAT(text_of(call) + call.body(), Catch::Contains("quick"));
    CHECK(stage.store.records.count(kFirst) == 1);
    CHECK(stage.pool.figures().idle == 1);
    CHECK(stage.over == 1);
}

TEST_CASE("a client that leaves while its session is stored leaves nothing behind", "[claude_code][turn][unit]") {
    TurnStage stage;
    stage.store.is_held_back = true;
    FakeCall call(stage.host, stage.chat());
    stage.start(call);
    stage.process().say_text("quick");
    stage.process().say_result();
    call.cancel();
    stage.settle();
    CHECK(stage.over == 1);
    while (!stage.store.waiting.empty()) stage.store.answer_next();
    CHECK(stage.store.records.empty());
    CHECK(stage.sessions.busy_count() == 0);
}

TEST_CASE("a session that cannot be stored is 503, and nothing of it stays", "[claude_code][turn][unit]") {
    TurnStage stage;
    stage.store.is_down = true;
    FakeCall call(stage.host, stage.chat());
    stage.start(call);
    REQUIRE(call.error());
    CHECK(call.error()->code == "backend_unavailable");
    CHECK(stage.over == 1);
    CHECK(stage.sessions.busy_count() == 0);
    CHECK(stage.pool.figures().stopping == 1);
}

TEST_CASE("the next turn of a session has its process, and is asked the last message alone",
          "[claude_code][turn][unit]") {
    TurnStage stage;
    FakeCall first(stage.host, stage.chat());
    stage.start(first);
    stage.process().say_text("one");
    stage.process().say_result();
    FakeCall second(stage.host, stage.chat());
    stage.start(second, kFirst, asked("and then?"));
    REQUIRE(stage.all.size() == 1);
    CHECK(stage.process().was_told(R"("content":"and then?")"));
    stage.process().say_text("two");
    stage.process().say_result();
    CHECK(second.is_finished());
}

TEST_CASE("a busy session, an unknown one and another owner's are refused", "[claude_code][turn][unit]") {
    TurnStage stage;
    FakeCall first(stage.host, stage.chat());
    stage.start(first);
    stage.process().say_text("one");
    FakeCall busy(stage.host, stage.chat());
    stage.start(busy, kFirst);
    REQUIRE(busy.error());
    CHECK(busy.error()->code == "session_busy");
    FakeCall foreign(stage.host, stage.chat());
    stage.start(foreign, kFirst, asked("hi"), "mallory");
    REQUIRE(foreign.error());
    CHECK(foreign.error()->code == "session_not_found");
    FakeCall unknown(stage.host, stage.chat());
    stage.start(unknown, "99999999-0000-4000-8000-000000000001");
    REQUIRE(unknown.error());
    CHECK(unknown.error()->code == "session_not_found");
    stage.process().say_result();
    CHECK(stage.over == 4);
}

TEST_CASE("a client that leaves interrupts its turn, and the session goes on", "[claude_code][turn][unit]") {
    TurnStage stage;
    FakeCall call(stage.host, stage.chat());
    stage.start(call);
    stage.process().say_text("one");
    call.cancel();
    stage.settle();
    CHECK(stage.process().was_told(R"("subtype":"interrupt")"));
    stage.process().say_interrupted();
    CHECK(stage.over == 1);
    CHECK(stage.sessions.busy_count() == 0);
    CHECK(stage.pool.figures().idle == 1);
}

TEST_CASE("a process that does not let itself be interrupted is stopped", "[claude_code][turn][unit]") {
    TurnStage stage;
    FakeCall call(stage.host, stage.chat());
    stage.start(call);
    stage.process().say_text("one");
    call.cancel();
    stage.host.advance(999ms);
    CHECK_FALSE(stage.process().is_stopping());
    stage.host.advance(1ms);
    CHECK(stage.process().is_stopping());
    CHECK(stage.sessions.busy_count() == 0);
    CHECK(stage.over == 1);
}

TEST_CASE("of a session whose client left before it was named nothing stays", "[claude_code][turn][unit]") {
    TurnStage stage;
    FakeCall call(stage.host, stage.chat());
    stage.start(call);
    call.cancel();
    stage.settle();
    stage.process().say_interrupted();
    CHECK(stage.store.records.empty());
    CHECK(stage.ended == std::vector<std::string>{kFirst});
    CHECK(stage.pool.figures().stopping == 1);
}

TEST_CASE("silence fails the turn: before the first byte with 504, after it as an event", "[claude_code][turn][unit]") {
    TurnStage stage;
    FakeCall silent(stage.host, stage.chat());
    stage.start(silent);
    stage.host.advance(30s);
    REQUIRE(silent.error());
    CHECK(silent.error()->code == "timeout");
    CHECK(stage.process().is_stopping());

    FakeCall begun(stage.host, stage.chat());
    stage.start(begun);
    stage.process().say_text("one");
    stage.host.advance(29s);
    stage.process().say_text("two");
    stage.host.advance(29s);
    CHECK_FALSE(begun.is_ended());
    stage.host.advance(1s);
    REQUIRE(begun.error());
    CHECK(begun.error()->code == "stream_error");
    CHECK_THAT(text_of(begun), Catch::Contains(R"("finish_reason":"stop")"));
}

TEST_CASE("a crash in the middle is an error event, one before the first text a plain error",
          "[claude_code][turn][unit]") {
    TurnStage stage;
    FakeCall begun(stage.host, stage.chat());
    stage.start(begun);
    stage.process().say_text("one");
    ProcessEnd crash;
    crash.signal = 11;
    crash.exit_code = -1;
    stage.process().end(crash);
    stage.settle();
    REQUIRE(begun.error());
    CHECK(begun.error()->code == "stream_error");
    CHECK(stage.sessions.busy_count() == 0);

    FakeCall plain(stage.host, stage.chat(false));
    stage.start(plain, "", asked("hi", false));
    stage.process().end(crash);
    stage.settle();
    REQUIRE(plain.error());
    CHECK(plain.error()->code == "internal_error");
    CHECK(stage.pool.figures().active == 0);
}

TEST_CASE("an answer that reaches max_tokens ends with length, and the program is interrupted",
          "[claude_code][turn][unit]") {
    TurnStage stage;
    FakeCall call(stage.host, stage.chat());
    stage.start(call);
    stage.process().say_text("one");
    stage.process().say(
        R"({"type":"stream_event","event":{"type":"message_delta","delta":{"stop_reason":"max_tokens"},"usage":{"output_tokens":9}}})");
    CHECK(call.is_finished());
    CHECK_THAT(text_of(call), Catch::Contains(R"("finish_reason":"length")"));
    CHECK(stage.process().was_told(R"("subtype":"interrupt")"));
    stage.process().say_interrupted();
    CHECK(stage.over == 1);
}

TEST_CASE("calls of tools end the answer, and their results go on with the same turn", "[claude_code][turn][unit]") {
    TurnStage stage;
    FakeCall first(stage.host, stage.chat());
    stage.start(first, "", with_tool(asked("weather?")));
    TalkingProcess& process = stage.process();
    CHECK(process.was_told("sdkMcpServers"));
    process.say(tool_question("q1", "toolu_1"));
    call_the_tool(process, "toolu_1");
    CHECK(first.is_finished());
    CHECK_THAT(text_of(first), Catch::Contains("toolu_1") && Catch::Contains(R"("finish_reason":"tool_calls")"));
    CHECK(stage.pool.figures().parked == 1);
    CHECK(stage.sessions.busy_count() == 0);

    // The client names no session: the id of the call does.
    FakeCall second(stage.host, stage.chat());
    stage.start(second, "", with_result(with_tool(asked("weather?")), "toolu_1"));
    REQUIRE(stage.all.size() == 1);
    CHECK(process.was_told("sunny"));
    CHECK_FALSE(process.is_paused);
    process.say_text("It is sunny.");
    process.say_result();
    CHECK(second.is_finished());
    CHECK(second.attribute("session.id") == kFirst);
    CHECK(stage.host.breaches().text() == "");
}

TEST_CASE("a result that is missing is named, and the turn waits on", "[claude_code][turn][unit]") {
    TurnStage stage;
    FakeCall first(stage.host, stage.chat());
    stage.start(first, "", with_tool(asked("weather?")));
    call_the_tool(stage.process(), "toolu_1");
    FakeCall second(stage.host, stage.chat());
    stage.start(second, kFirst, with_result(with_tool(asked("weather?")), "toolu_other"));
    REQUIRE(second.error());
    CHECK(second.error()->code == "invalid_request");
    CHECK_THAT(second.error()->message, Catch::Contains("toolu_1"));
    CHECK(stage.pool.figures().parked == 1);
}

TEST_CASE("a new question instead of a result ends the turn that waited", "[claude_code][turn][unit]") {
    TurnStage stage;
    FakeCall first(stage.host, stage.chat());
    stage.start(first, "", with_tool(asked("weather?")));
    call_the_tool(stage.process(), "toolu_1");
    FakeCall second(stage.host, stage.chat());
    stage.start(second, kFirst, with_tool(asked("never mind")));
    CHECK(stage.process().was_told(R"("subtype":"interrupt")"));
    CHECK_FALSE(stage.process().was_told("never mind"));
    stage.process().say_interrupted();
    CHECK(stage.process().was_told("never mind"));
    stage.process().say_text("fine");
    stage.process().say_result();
    CHECK(second.is_finished());
}

TEST_CASE("a new question for another model goes to another process", "[claude_code][turn][unit]") {
    TurnStage stage;
    FakeCall first(stage.host, stage.chat());
    stage.start(first, "", with_tool(asked("weather?")));
    call_the_tool(stage.process(), "toolu_1");
    TalkingProcess* const parked = stage.all.back();
    FakeCall second(stage.host, stage.chat());
    ChatRequest request = with_tool(asked("never mind"));
    request.cli_model = "haiku";
    stage.start(second, kFirst, request);
    CHECK(parked->is_stopping());
    CHECK_FALSE(parked->was_told("never mind"));
    parked->end();
    stage.settle();
    REQUIRE(stage.all.size() == 1);
    CHECK(stage.process().order().model == "haiku");
    CHECK(stage.process().order().is_resumed);
    stage.process().say_text("fine");
    stage.process().say_result();
    CHECK(second.is_finished());
}

TEST_CASE("settings that the program refuses fail the turn", "[claude_code][turn][unit]") {
    TurnStage stage;
    FakeCall call(stage.host, stage.chat());
    ChatRequest request = asked("hi");
    request.json_schema = R"({"type":"object"})";
    stage.start(call, "", request);
    stage.process().say(
        R"({"type":"control_response","response":{"subtype":"error","request_id":"t1","error":"bad schema"}})");
    REQUIRE(call.error());
    CHECK(call.error()->code == "invalid_request");
    CHECK(call.error()->param == "response_format");
    CHECK(stage.process().is_stopping());
}

TEST_CASE("a question of the program that nobody knows is refused, and the turn goes on", "[claude_code][turn][unit]") {
    TurnStage stage;
    FakeCall call(stage.host, stage.chat());
    stage.start(call);
    stage.process().say(
        R"({"type":"control_request","request_id":"x1","request":{"subtype":"can_use_tool","tool_name":"Bash"}})");
    CHECK(stage.process().was_told(R"("subtype":"error","request_id":"x1")"));
    stage.process().say_text("one");
    stage.process().say_result();
    CHECK(call.is_finished());
}

TEST_CASE("after length the session takes its next turn at once", "[claude_code][turn][unit]") {
    TurnStage stage;
    FakeCall first(stage.host, stage.chat());
    stage.start(first);
    stage.process().say_text("one");
    stage.process().say(
        R"({"type":"stream_event","event":{"type":"message_delta","delta":{"stop_reason":"max_tokens"},"usage":{"output_tokens":9}}})");
    FakeCall second(stage.host, stage.chat());
    stage.start(second, kFirst, asked("go on"));
    CHECK_FALSE(second.is_ended());
    CHECK_FALSE(stage.process().was_told("go on"));
    stage.process().say_interrupted();
    stage.settle();
    CHECK(stage.process().was_told("go on"));
    stage.process().say_text("two");
    stage.process().say_result();
    CHECK(second.is_finished());
}

TEST_CASE("a slow client stops the reading of its process", "[claude_code][turn][unit]") {
    TurnStage stage;
    FakeCall call(stage.host, stage.chat());
    call.set_queue_mark(10);
    stage.start(call);
    stage.process().say_text("one");
    stage.settle();
    stage.process().say_text("two");
    CHECK(stage.process().is_paused);
    call.client_takes(100000);
    stage.settle();
    CHECK_FALSE(stage.process().is_paused);
    stage.process().say_result();
    stage.settle();
    CHECK(call.is_ended());
}

TEST_CASE("the end of the gateway fails what runs", "[claude_code][turn][unit]") {
    TurnStage stage;
    FakeCall begun(stage.host, stage.chat());
    stage.start(begun);
    stage.process().say_text("one");
    stage.turns.back()->end_for_shutdown();
    REQUIRE(begun.error());
    CHECK(begun.error()->code == "stream_error");
    CHECK(stage.process().is_stopping());
    CHECK(stage.over == 1);
}
