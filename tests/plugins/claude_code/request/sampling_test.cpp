#include <catch2/catch.hpp>

#include "reading.hpp"

using namespace sluice::claude_code;
using namespace sluice::claude_code::testing;

TEST_CASE("sampling parameters become the extra body", "[claude_code][unit]") {
    const ChatRequest request = read(with(R"("temperature":0.5,"stop":["a","b\n"],"max_tokens":7)"), kAll);
    CHECK(request.extra_body == R"({"temperature":0.5,"stop_sequences":["a","b\n"],"max_tokens":7})");
    CHECK(request.ignored_params.empty());
    CHECK(read(with(R"("stop":"\u0000x","top_p":0.9)"), kAll).extra_body ==
          R"({"top_p":0.9,"stop_sequences":["\u0000x"]})");
    CHECK(read(with(""), kAll).extra_body.empty());
}

TEST_CASE("what Anthropic would refuse is left out or brought into range, and listed", "[claude_code][unit]") {
    const ChatRequest hot = read(with(R"("top_p":1,"temperature":1.5)"), kAll);
    CHECK(hot.extra_body == R"({"temperature":1})");
    CHECK(hot.ignored_params == "top_p,temperature");
    const ChatRequest limits = read(with(R"("max_tokens":5,"max_completion_tokens":6,"stop":["\n","x"])"), kAll);
    CHECK(limits.extra_body == R"({"stop_sequences":["x"],"max_tokens":6})");
    CHECK(limits.ignored_params == "max_tokens,stop");
}

TEST_CASE("sampling parameters out of range are refused whether or not they are passed on", "[claude_code][unit]") {
    for (const Features& features : {kAll, kNone}) {
        CHECK(refusal(with(R"("temperature":2.1)"), features) == "invalid_request temperature");
        CHECK(refusal(with(R"("temperature":-1)"), features) == "invalid_request temperature");
        CHECK(refusal(with(R"("temperature":"hot")"), features) == "invalid_request temperature");
        CHECK(refusal(with(R"("top_p":1.01)"), features) == "invalid_request top_p");
        CHECK(refusal(with(R"("stop":["a","b","c","d","e"])"), features) == "invalid_request stop");
        CHECK(refusal(with(R"("stop":["a",1])"), features) == "invalid_request stop[1]");
        CHECK(refusal(with(R"("stop":{})"), features) == "invalid_request stop");
        CHECK(refusal(with(R"("max_tokens":0)"), features) == "invalid_request max_tokens");
        CHECK(refusal(with(R"("max_tokens":-4)"), features) == "invalid_request max_tokens");
        CHECK(refusal(with(R"("max_completion_tokens":1.5)"), features) == "invalid_request max_completion_tokens");
        CHECK(refusal(with(R"("max_completion_tokens":true)"), features) == "invalid_request max_completion_tokens");
        CHECK(refusal(with(R"("temperature":null,"stop":null,"max_tokens":null)"), features) == "accepted");
    }
}

TEST_CASE("a reasoning effort becomes one of the program's", "[claude_code][unit]") {
    const auto effort = [](const std::string& name) {
        return read(with(R"("reasoning_effort":")" + name + "\""), kAll).effort;
    };
    CHECK(effort("none") == "low");
    CHECK(effort("minimal") == "low");
    CHECK(effort("low") == "low");
    CHECK(effort("medium") == "medium");
    CHECK(effort("high") == "high");
    CHECK(effort("xhigh") == "xhigh");
    CHECK(refusal(with(R"("reasoning_effort":"odd")"), kAll) == "invalid_request reasoning_effort");
    CHECK(read(with(R"("reasoning_effort":"high")")).effort.empty());
}
