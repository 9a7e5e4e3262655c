#include "turn/tool_channel.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sluice::claude_code;

namespace {

const std::string kList = R"([{"name":"get_weather","inputSchema":{"type":"object"}}])";

CliRecord asks(std::string_view message, std::string_view request_id = "r-1") {
    CliRecord record;
    record.kind = RecordKind::kToolChannel;
    record.request_id = request_id;
    record.message = message;
    return record;
}

std::string answer(const std::string& message, const std::string& request_id = "r-1") {
    return R"({"type":"control_response","response":{"subtype":"success","request_id":")" + request_id +
           R"(","response":{"mcp_response":{"jsonrpc":"2.0",)" + message + "}}}}\n";
}

std::string call_of(const std::string& call_id, int rpc_id) {
    return R"({"method":"tools/call","params":{"name":"get_weather","arguments":{"city":"Oslo"},"_meta":)"
           R"({"claudecode/toolUseId":")" +
           call_id + R"(","progressToken":2}},"jsonrpc":"2.0","id":)" + std::to_string(rpc_id) + "}";
}

}  // namespace

TEST_CASE("the program is greeted in the version it speaks", "[claude_code][unit]") {
    ToolChannel channel(kList);
    const std::string greeting = R"(,"capabilities":{"tools":{}},"serverInfo":{"name":"gw","version":"1"}})";
    CHECK(channel.take(
              asks(R"({"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":)"
                   R"({"name":"claude-code","version":"2.1.197"}},"jsonrpc":"2.0","id":0})")) ==
          answer(R"("id":0,"result":{"protocolVersion":"2025-11-25")" + greeting));
    CHECK(channel.take(asks(R"({"method":"initialize","jsonrpc":"2.0","id":"a\"b"})")) ==
          answer(R"("id":"a\"b","result":{"protocolVersion":"2025-06-18")" + greeting));
}

TEST_CASE("the record of a notification is answered, though the notification is not", "[claude_code][unit]") {
    ToolChannel channel(kList);
    CHECK(channel.take(asks(R"({"method":"notifications/initialized","jsonrpc":"2.0"})")) ==
          answer(R"("id":0,"result":{})"));
}

TEST_CASE("the tools are listed when the program asks for them", "[claude_code][unit]") {
    ToolChannel channel(kList);
    CHECK(channel.take(asks(R"({"method":"tools/list","jsonrpc":"2.0","id":1})")) ==
          answer(R"("id":1,"result":{"tools":)" + kList + "}"));
    CHECK(channel.take(asks(R"({"method":"ping","jsonrpc":"2.0","id":7})")) == answer(R"("id":7,"result":{})"));
}

TEST_CASE("a call waits for its result", "[claude_code][unit]") {
    ToolChannel channel(kList);
    channel.expect("toolu_1");
    CHECK_FALSE(channel.take(asks(call_of("toolu_1", 2))));
    CHECK(channel.owed() == std::vector<std::string>{"toolu_1"});
    CHECK(channel.bring("toolu_1", "rain in \"Oslo\"") ==
          answer(R"("id":2,"result":{"content":[{"type":"text","text":"rain in \"Oslo\""}]})"));
    CHECK(channel.owed().empty());
}

TEST_CASE("a result that comes before its call waits for it", "[claude_code][unit]") {
    ToolChannel channel(kList);
    channel.expect("toolu_1");
    channel.expect("toolu_2");
    CHECK_FALSE(channel.bring("toolu_2", "two"));
    CHECK(channel.owed() == std::vector<std::string>{"toolu_1"});
    CHECK_FALSE(channel.take(asks(call_of("toolu_1", 2), "r-2")));
    CHECK(channel.take(asks(call_of("toolu_2", 3), "r-3")) ==
          answer(R"("id":3,"result":{"content":[{"type":"text","text":"two"}]})", "r-3"));
    CHECK(channel.bring("toolu_1", "one") ==
          answer(R"("id":2,"result":{"content":[{"type":"text","text":"one"}]})", "r-2"));
}

TEST_CASE("a call without an id is answered with an error", "[claude_code][unit]") {
    ToolChannel channel(kList);
    const auto record =
        channel.take(asks(R"({"method":"tools/call","params":{"name":"get_weather"},"jsonrpc":"2.0","id":4})"));
    REQUIRE(record);
    CHECK(record->find(R"("id":4,"result":{"isError":true,)") != std::string::npos);
}

TEST_CASE("what is no message is refused, so that the program does not wait", "[claude_code][unit]") {
    ToolChannel channel(kList);
    const auto record = channel.take(asks(GENERATE("", "{", "[]", R"({"id":1})", R"({"method":1,"id":1})")));
    REQUIRE(record);
    CHECK(record->find(R"("subtype":"error")") != std::string::npos);
}

TEST_CASE("a list of tools has what the program wants to know of each", "[claude_code][unit]") {
    CHECK(tool_list_json({}) == "[]");
    CHECK(
        tool_list_json({Tool{"a", "says \"a\"", R"({"type":"object"})"}, Tool{"b", "", "{}"}}) ==
        R"([{"name":"a","description":"says \"a\"","inputSchema":{"type":"object"},"annotations":{"readOnlyHint":true}},)"
        R"({"name":"b","description":"","inputSchema":{},"annotations":{"readOnlyHint":true}}])");
}
