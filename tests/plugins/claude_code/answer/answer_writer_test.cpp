#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "answer/completion_builder.hpp"
#include "answer/stream_adapter.hpp"

using namespace sluice::claude_code;

namespace {

class Chunks final : public ChunkSink {
public:
    void on_chunk(std::string json) override { all.push_back(std::move(json)); }
    std::vector<std::string> all;
};

AnswerHead head_of(bool wants_usage) { return AnswerHead{"chatcmpl-1", 7, "opus", wants_usage}; }

std::string chunk(const std::string& delta, const std::string& reason = "null") {
    return R"({"id":"chatcmpl-1","object":"chat.completion.chunk","created":7,"model":"opus","choices":[{"index":0,"delta":{)" +
           delta + R"(},"finish_reason":)" + reason + "}]}";
}

const std::string kRole = R"("role":"assistant","content":"")";

}  // namespace

TEST_CASE("a stream begins with the role and ends with a reason", "[claude_code][stream_adapter]") {
    const Redactor redactor({});
    Chunks chunks;
    StreamAdapter adapter(head_of(false), redactor, chunks);
    adapter.add_reasoning("hm ");
    adapter.add_text("a\n ");
    adapter.finish("stop", {});
    CHECK(chunks.all == std::vector<std::string>{chunk(kRole), chunk(R"("reasoning_content":"hm ")"),
                                                 chunk(R"("content":"a\n ")"), chunk("", "\"stop\"")});
}

TEST_CASE("an empty answer is a stream, too", "[claude_code][stream_adapter]") {
    const Redactor redactor({});
    Chunks chunks;
    StreamAdapter adapter(head_of(false), redactor, chunks);
    adapter.finish("stop", {});
    CHECK(chunks.all == std::vector<std::string>{chunk(kRole), chunk("", "\"stop\"")});
}

TEST_CASE("usage is a chunk of its own for who wants it", "[claude_code][stream_adapter]") {
    const Redactor redactor({});
    Chunks chunks;
    StreamAdapter adapter(head_of(true), redactor, chunks);
    adapter.finish("stop", sluice::Usage{10, 5, 3, false});
    REQUIRE(chunks.all.size() == 3);
    CHECK(chunks.all[1].ends_with(R"("finish_reason":"stop"}],"usage":null})"));
    CHECK(chunks.all[2].ends_with(
        R"("choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":3}}})"));
}

TEST_CASE("tool calls are streamed with their index, the head first", "[claude_code][stream_adapter]") {
    const Redactor redactor({});
    Chunks chunks;
    StreamAdapter adapter(head_of(false), redactor, chunks);
    adapter.begin_tool_call("toolu_1", "a");
    adapter.add_tool_arguments("{} ");
    adapter.begin_tool_call("toolu_2", "b");
    adapter.add_tool_arguments("{ } ");
    adapter.finish("tool_calls", {});
    CHECK(
        chunks.all ==
        std::vector<std::string>{
            chunk(kRole),
            chunk(
                R"("tool_calls":[{"index":0,"id":"toolu_1","type":"function","function":{"name":"a","arguments":""}}])"),
            chunk(R"("tool_calls":[{"index":0,"function":{"arguments":"{} "}}])"),
            chunk(
                R"("tool_calls":[{"index":1,"id":"toolu_2","type":"function","function":{"name":"b","arguments":""}}])"),
            chunk(R"("tool_calls":[{"index":1,"function":{"arguments":"{ } "}}])"), chunk("", "\"tool_calls\"")});
}

TEST_CASE("a secret cut anywhere does not reach the client, and what was held back comes in order",
          "[claude_code][stream_adapter]") {
    const Redactor redactor({"hunter2-hunter2"});
    Chunks chunks;
    StreamAdapter adapter(head_of(false), redactor, chunks);
    adapter.add_text("it is hunter2-");
    adapter.add_text("hunter2 or hunter2-hu");
    adapter.add_reasoning("next ");
    adapter.finish("stop", {});
    std::string all;
    for (const std::string& each : chunks.all) all += each;
    CHECK(all.find("hunter2-hunter2") == std::string::npos);
    CHECK(all.find("[REDACTED]") != std::string::npos);
    CHECK(all.find("hunter2-hu") < all.find("next "));
}

TEST_CASE("a whole answer has the shape of a completion", "[claude_code][completion_builder]") {
    const Redactor redactor({"hunter2-hunter2"});
    CompletionBuilder builder(head_of(false), redactor);
    builder.add_reasoning("hm");
    builder.add_text("it is hunter2-");
    builder.add_text("hunter2");
    builder.finish("stop", sluice::Usage{10, 5, 3, false});
    CHECK(
        builder.take_json() ==
        R"({"id":"chatcmpl-1","object":"chat.completion","created":7,"model":"opus","choices":[{"index":0,"message":{"role":"assistant","content":"it is [REDACTED]","refusal":null,"reasoning_content":"hm"},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":3}}})");
}

TEST_CASE("an answer of nothing but calls has no content", "[claude_code][completion_builder]") {
    const Redactor redactor({});
    CompletionBuilder builder(head_of(false), redactor);
    builder.begin_tool_call("toolu_1", "a");
    builder.add_tool_arguments("{\"x\"");
    builder.add_tool_arguments(":1}");
    builder.finish("tool_calls", {});
    CHECK(
        builder.take_json().find(
            R"("message":{"role":"assistant","content":null,"refusal":null,"tool_calls":[{"id":"toolu_1","type":"function","function":{"name":"a","arguments":"{\"x\":1}"}}]},"logprobs":null,"finish_reason":"tool_calls")") !=
        std::string::npos);
}
