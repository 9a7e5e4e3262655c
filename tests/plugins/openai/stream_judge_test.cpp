#include "stream_judge.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace sluice::openai;

namespace {

struct Judging {
    explicit Judging(Dialect dialect, UsageWish wish = UsageWish::kNone, std::uint64_t choices = 1)
        : judge(dialect, wish, choices) {}

    Verdict operator()(std::string data, std::string_view name = {}) {
        const std::size_t size = data.size();
        const bool has_several_lines = data.find('\n') != std::string::npos;
        data.append(64, ' ');
        const SseEvent event{name, {data.data(), size}, has_several_lines};
        const Verdict verdict = judge.judge(parser, event);
        text = data.substr(0, size);
        return verdict;
    }

    simdjson::dom::parser parser;
    StreamJudge judge;
    std::string text;  // as it was left by the judge
};

std::string choice(int index, const char* reason) {
    return "{\"choices\":[{\"index\":" + std::to_string(index) + ",\"delta\":{},\"finish_reason\":" + reason + "}]}";
}

}  // namespace

TEST_CASE("a chat stream may end once every choice has its finish_reason", "[openai][judge]") {
    Judging judging(Dialect::kChat);
    CHECK_FALSE(judging.judge.may_end_here());
    CHECK(judging(choice(0, "null")) == Verdict::kRelay);
    CHECK(judging(choice(1, "null")) == Verdict::kRelay);
    CHECK(judging(choice(1, "\"length\"")) == Verdict::kRelay);
    CHECK_FALSE(judging.judge.may_end_here());
    CHECK(judging(choice(0, "\"stop\"")) == Verdict::kRelay);
    CHECK(judging.judge.may_end_here());
}

TEST_CASE("a chat stream that was asked for n choices needs n finish_reasons", "[openai][judge]") {
    Judging judging(Dialect::kChat, UsageWish::kNone, 2);
    judging(choice(0, "\"stop\""));
    CHECK_FALSE(judging.judge.is_finished());
    judging(choice(1, "\"stop\""));
    CHECK(judging.judge.is_finished());
}

TEST_CASE("an empty finish_reason finishes nothing", "[openai][judge]") {
    Judging judging(Dialect::kChat);
    judging(choice(0, "\"\""));
    CHECK_FALSE(judging.judge.is_finished());
}

TEST_CASE("[DONE] ends a stream of any dialect", "[openai][judge]") {
    CHECK(Judging(Dialect::kChat)("[DONE]") == Verdict::kEnd);
    CHECK(Judging(Dialect::kChat)(" [DONE] ") == Verdict::kEnd);
    CHECK(Judging(Dialect::kNamed)("[DONE]") == Verdict::kEnd);
}

TEST_CASE("what is not one JSON value is bad", "[openai][judge]") {
    for (const char* data :
         {"{", "{}{}", "{\"a\":1,}", "nul", "\"\xff\"", "{\"a\":01}", "hello", "{\"a\":\"b\nc\"}", "DONE", "[DONE"}) {
        CAPTURE(data);
        CHECK(Judging(Dialect::kChat)(data) == Verdict::kBad);
        CHECK(Judging(Dialect::kNamed)(data) == Verdict::kBad);
    }
}

TEST_CASE("numbers of any size are JSON, malformed ones are not", "[openai][judge]") {
    for (const char* number : {"123456789012345678901234567890", "-123456789012345678901234567890", "1e999",
                               "-1.5E+400", "0.1234567890123456789012345"}) {
        CAPTURE(number);
        CHECK(Judging(Dialect::kChat)("{\"choices\":[],\"n\":" + std::string(number) + ",\"s\":\"1e999 \\\" 1\"}") ==
              Verdict::kRelay);
    }
    for (const char* number :
         {"0123456789012345678901234567890", "--1e999", "1e", "1.e999", "12345678901234567890123456789.", "1e999e1",
          "+1e999", "123456789012345678901234567890 1", "-", "1e999\"x"}) {
        CAPTURE(number);
        CHECK(Judging(Dialect::kChat)("{\"choices\":[],\"n\":" + std::string(number) + "}") == Verdict::kBad);
    }
}

TEST_CASE("a value of several lines becomes one line", "[openai][judge]") {
    Judging judging(Dialect::kChat);
    CHECK(judging("{\"choices\":\n[]\n}") == Verdict::kRelay);
    CHECK(judging.text == "{\"choices\": [] }");
}

TEST_CASE("usage is counted, and a chunk with nothing else is relayed only if asked for", "[openai][judge]") {
    const std::string usage =
        R"({"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":2}}})";
    Judging unasked(Dialect::kChat);
    CHECK(unasked(usage) == Verdict::kDrop);
    REQUIRE(unasked.judge.usage() != nullptr);
    CHECK(unasked.judge.usage()->prompt_tokens == 3);
    CHECK(unasked.judge.usage()->completion_tokens == 4);
    CHECK(unasked.judge.usage()->cached_tokens == 2);
    Judging asked(Dialect::kChat, UsageWish::kRelay);
    CHECK(asked.judge.waits_for_usage());
    CHECK(asked(usage) == Verdict::kRelay);
    CHECK_FALSE(asked.judge.waits_for_usage());
    Judging injected(Dialect::kChat, UsageWish::kCount);
    CHECK(injected.judge.waits_for_usage());
    CHECK(injected(usage) == Verdict::kDrop);
    CHECK_FALSE(injected.judge.waits_for_usage());
    CHECK(injected.judge.usage()->completion_tokens == 4);
}

TEST_CASE("chunks without choices and usage are relayed", "[openai][judge]") {
    CHECK(Judging(Dialect::kChat)(R"({"choices":[],"prompt_filter_results":[{}]})") == Verdict::kRelay);
    CHECK(Judging(Dialect::kChat)(R"({"choices":[{"index":0,"delta":{"content":"x"}}],"usage":null})") ==
          Verdict::kRelay);
    CHECK(Judging(Dialect::kChat)(R"({"choices":[{"index":0,"delta":{}}],"usage":{"prompt_tokens":1}})") ==
          Verdict::kRelay);
}

TEST_CASE("an error is what clients take for one", "[openai][judge]") {
    CHECK(Judging(Dialect::kChat)(R"({"error":{"message":"x"}})") == Verdict::kRelayError);
    CHECK(Judging(Dialect::kChat)(R"({"error":"x"})") == Verdict::kRelayError);
    CHECK(Judging(Dialect::kChat)(R"({"error":null,"choices":[]})") == Verdict::kRelay);
    CHECK(Judging(Dialect::kChat)(R"({"error":false,"choices":[]})") == Verdict::kRelay);
    CHECK(Judging(Dialect::kChat)(R"({"message":"x"})", "error") == Verdict::kError);
    CHECK(Judging(Dialect::kChat)(R"({"object":"error","message":"x"})") == Verdict::kError);
}

TEST_CASE("responses end with their terminal events", "[openai][judge]") {
    for (const char* name : {"response.completed", "response.failed", "response.incomplete"}) {
        CHECK(Judging(Dialect::kResponses)("{\"type\":\"x\"}", name) == Verdict::kRelayAndEnd);
        CHECK(Judging(Dialect::kResponses)("{\"type\":\"" + std::string(name) + "\"}") == Verdict::kRelayAndEnd);
    }
    CHECK(Judging(Dialect::kResponses)("{}", "response.output_text.delta") == Verdict::kRelay);
    CHECK(Judging(Dialect::kResponses)(R"({"type":"error","message":"x"})", "error") == Verdict::kRelayError);
    CHECK_FALSE(Judging(Dialect::kResponses).judge.may_end_here());
}

TEST_CASE("other streams of named events may end with their transfer", "[openai][judge]") {
    Judging judging(Dialect::kNamed);
    CHECK(judging("{\"type\":\"transcript.text.delta\"}") == Verdict::kRelay);
    CHECK(judging.judge.may_end_here());
}

TEST_CASE("paths have their dialects", "[openai][judge]") {
    CHECK(dialect_of_path("/v1/chat/completions") == Dialect::kChat);
    CHECK(dialect_of_path("/v1/completions") == Dialect::kChat);
    CHECK(dialect_of_path("/v1/responses") == Dialect::kResponses);
    CHECK(dialect_of_path("/v1/audio/transcriptions") == Dialect::kNamed);
}

// Chunks of the ordinary shape never reach the parser: what is wrong with one has to be seen without it.
TEST_CASE("a chunk that is nearly an ordinary one is refused", "[openai][judge]") {
    const std::string good = R"({"id":"c-1","choices":[{"index":0,"delta":{"content":"ab"},"finish_reason":null}]})";
    REQUIRE(Judging(Dialect::kChat)(good) == Verdict::kRelay);
    for (std::size_t cut = 0; cut < good.size(); ++cut) {
        CHECK(Judging(Dialect::kChat)(good.substr(0, cut)) == Verdict::kBad);
    }
    const auto with = [&](std::string_view found, std::string_view instead) {
        std::string text = good;
        return text.replace(text.find(found), found.size(), instead);
    };
    const std::string bad[] = {
        good + "}",
        good + good,
        good + " null",
        with("ab", "a\tb"),
        with("ab", "a\x01"),
        with("ab", "\xc3("),
        with("ab", "\xff"),
        with("ab", R"(a\x)"),
        with("ab", R"(a\u12)"),
        with(":0", ":00"),
        with(":0", ":01"),
        with(":0", ":-"),
        with(":0", ":1."),
        with(":0", ":"),
        with("null", "nul"),
        with("null", "nulll"),
        with("null", "none"),
        with(",\"delta", ",,\"delta"),
        with("}]", "},]"),
        with("}]", ",}]"),
        with("\"id\":", "\"id\""),
        with("\"id\"", "id"),
    };
    for (const std::string& text : bad) {
        INFO(text);
        CHECK(Judging(Dialect::kChat)(text) == Verdict::kBad);
    }
}

TEST_CASE("a chunk of any other shape is judged as it always was", "[openai][judge]") {
    const auto chunk = [](std::string_view content, std::string_view more = {}) {
        return R"({"choices":[{"index":0,"delta":{"content":")" + std::string(content) +
               R"("},"finish_reason":null}])" + std::string(more) + "}";
    };
    const std::string good[] = {
        chunk("\xc3\xa4"),
        chunk(R"(\u00e4\ud83d\ude00)"),
        chunk(R"(\n\"\\\/\b\f\r\t)"),
        chunk("a", R"(,"usage":null,"error":null)"),
        chunk("a", R"(,"x":[-1,0.5,1e9,123456789012345678901234567890])"),
        chunk("a", R"(,"x":[[[[[[[[[[[[[[]]]]]]]]]]]]]])"),
        R"( { "choices" : [ { "index" : 0 , "text" : "a" , "finish_reason" : null } ] , "x" : [ ] } )",
    };
    for (const std::string& text : good) {
        INFO(text);
        Judging judging(Dialect::kChat);
        CHECK(judging(text) == Verdict::kRelay);
        CHECK_FALSE(judging.judge.is_finished());
    }
    CHECK(Judging(Dialect::kChat)(chunk("a", R"(,"error":{"message":"m"})")) == Verdict::kRelayError);
    Judging counting(Dialect::kChat);
    CHECK(counting(chunk("a", R"(,"usage":{"prompt_tokens":3,"completion_tokens":4})")) == Verdict::kRelay);
    REQUIRE(counting.judge.usage() != nullptr);
    CHECK(counting.judge.usage()->prompt_tokens == 3);
}

TEST_CASE("an escaped name and a name given twice count as they are read", "[openai][judge]") {
    Judging judging(Dialect::kChat);
    CHECK(judging(R"({"choices":[{"index":0,"finish_re\u0061son":"stop"}]})") == Verdict::kRelay);
    CHECK(judging.judge.is_finished());
    Judging twice(Dialect::kChat, UsageWish::kNone, 2);
    CHECK(twice(R"({"choices":[{"index":0,"finish_reason":"stop"}],"choices":[{"index":1,"finish_reason":"stop"}]})") ==
          Verdict::kRelay);
    CHECK(twice.judge.is_finished());
}
