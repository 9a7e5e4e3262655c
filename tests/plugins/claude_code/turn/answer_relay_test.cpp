#include "turn/answer_relay.hpp"

#include <catch2/catch.hpp>

#include "bridge_stage.hpp"

using namespace sluice::claude_code;
using sluice::Error;
using sluice::Usage;

namespace {

struct RelayStage : BridgeStage {
    explicit RelayStage(bool is_stream)
        : BridgeStage(Loops::kOne), relay(bridge, AnswerHead{"chatcmpl-1", 1, "sonnet", false}, is_stream, redactor) {}

    bool has_event(const std::string& words) const { return events().find(words) != std::string::npos; }

    const Redactor redactor{{"hunter2"}};
    AnswerRelay relay;
};

const SessionHead kHead{"id-1", true, ""};

}  // namespace

TEST_CASE("a stream is held until it is opened, and then goes out in order", "[claude_code][unit]") {
    RelayStage stage(true);
    stage.relay.writer().add_text("one ");
    stage.relay.writer().add_text("two ");
    CHECK_FALSE(stage.call.head());
    CHECK_FALSE(stage.relay.has_begun());
    stage.relay.open(kHead);
    CHECK(stage.relay.has_begun());
    CHECK(stage.call.head()->header("X-Claude-Session-ID") == "id-1");
    REQUIRE(stage.call.events().size() == 3);
    stage.relay.writer().add_text("three");
    REQUIRE(stage.call.events().size() == 4);
    CHECK(stage.events().find("one ") < stage.events().find("two "));
    CHECK(stage.events().find("two ") < stage.events().find("three"));
    stage.relay.finish("stop", Usage{1, 2});
    CHECK(stage.has_event(R"("finish_reason":"stop")"));
    CHECK(stage.call.is_finished());
    CHECK(stage.call.usage()->completion_tokens == 2);
    CHECK(stage.relay.is_over());
    CHECK(stage.breaches().empty());
}

TEST_CASE("an opened stream begins with its first text", "[claude_code][unit]") {
    RelayStage stage(true);
    stage.relay.open(kHead);
    CHECK_FALSE(stage.call.head());
    stage.relay.writer().add_text("one ");
    CHECK(stage.call.head());
    stage.relay.finish("stop", std::nullopt);
    CHECK_FALSE(stage.call.usage());
}

TEST_CASE("an answer that is complete before it is opened goes out when it is", "[claude_code][unit]") {
    const bool is_stream = GENERATE(false, true);
    RelayStage stage(is_stream);
    stage.relay.writer().add_text("all of hunter2");
    stage.relay.finish("length", Usage{1, 2});
    CHECK_FALSE(stage.relay.is_over());
    CHECK_FALSE(stage.call.head());
    stage.relay.open(kHead);
    REQUIRE(stage.call.is_finished());
    const std::string answer = is_stream ? stage.events() : stage.call.body();
    CHECK(answer.find("all of [REDACTED]") != std::string::npos);
    CHECK(answer.find(R"("finish_reason":"length")") != std::string::npos);
    CHECK(stage.call.head()->header("X-Claude-Session-Created") == "true");
    CHECK(stage.call.usage()->prompt_tokens == 1);
    CHECK(stage.breaches().empty());
}

TEST_CASE("before the first byte an error is the answer", "[claude_code][unit]") {
    const bool is_stream = GENERATE(false, true);
    const bool is_open = GENERATE(false, true);
    RelayStage stage(is_stream);
    if (is_open) stage.relay.open(kHead);
    if (!is_stream || !is_open) stage.relay.writer().add_text("held ");
    stage.relay.fail(Error("capacity_exceeded", "Later."), Usage{1, 0});
    CHECK_FALSE(stage.call.head());
    REQUIRE(stage.call.error());
    CHECK(stage.call.error()->code == "capacity_exceeded");
    CHECK(stage.call.usage()->prompt_tokens == 1);
    CHECK(stage.relay.is_over());
    CHECK(stage.breaches().empty());
}

TEST_CASE("a complete answer whose session could not be stored fails", "[claude_code][unit]") {
    RelayStage stage(GENERATE(false, true));
    stage.relay.writer().add_text("all");
    stage.relay.finish("stop", std::nullopt);
    stage.relay.fail(Error("backend_unavailable", "Not stored."), std::nullopt);
    CHECK_FALSE(stage.call.head());
    CHECK(stage.call.error()->code == "backend_unavailable");
}

TEST_CASE("after the first byte an error comes behind a finish chunk", "[claude_code][unit]") {
    RelayStage stage(true);
    stage.relay.open(kHead);
    stage.relay.writer().add_text("one ");
    stage.relay.fail(Error("capacity_exceeded", "Later."), Usage{1, 2});
    CHECK(stage.call.events().back().data.find(R"("finish_reason":"stop")") != std::string::npos);
    REQUIRE(stage.call.error());
    CHECK(stage.call.error()->code == "stream_error");
    CHECK(stage.call.error()->message == "Later.");
    CHECK(stage.call.usage()->completion_tokens == 2);
    CHECK(stage.breaches().empty());
}

TEST_CASE("an answer that is over takes nothing more", "[claude_code][unit]") {
    RelayStage stage(true);
    const bool has_failed = GENERATE(false, true);
    stage.relay.open(kHead);
    stage.relay.writer().add_text("one ");
    if (has_failed) stage.relay.fail(Error("capacity_exceeded", "Later."), std::nullopt);
    if (!has_failed) stage.relay.finish("stop", std::nullopt);
    const std::size_t count = stage.call.events().size();
    stage.relay.writer().add_text("two ");
    stage.relay.finish("length", std::nullopt);
    stage.relay.fail(Error("internal_error", "Once more."), std::nullopt);
    CHECK(stage.call.events().size() == count);
    CHECK(stage.call.error().has_value() == has_failed);
    CHECK(stage.breaches().empty());
}
