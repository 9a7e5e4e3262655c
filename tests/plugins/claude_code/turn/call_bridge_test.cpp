#include "turn/call_bridge.hpp"

#include <catch2/catch.hpp>

#include "bridge_stage.hpp"

using namespace sluice::claude_code;
using sluice::Error;
using sluice::Usage;
using Loops = BridgeStage::Loops;

TEST_CASE("a stream reaches the client in order, with what the head tells of the session", "[claude_code][unit]") {
    BridgeStage stage(GENERATE(Loops::kOne, Loops::kTwo));
    stage.bridge->begin_stream(SessionHead{"id-1", true, "top_k,seed"});
    for (int number = 0; number < 5; ++number) stage.bridge->write_event(std::to_string(number));
    stage.bridge->finish_stream(Usage{3, 4});
    stage.run();
    REQUIRE(stage.call.is_finished());
    CHECK(stage.call.head()->is_events);
    CHECK(stage.call.head()->header("X-Claude-Session-ID") == "id-1");
    CHECK(stage.call.head()->header("X-Claude-Session-Created") == "true");
    CHECK(stage.call.head()->header("X-Claude-Ignored-Params") == "top_k,seed");
    CHECK(stage.call.attribute("session.id") == "id-1");
    CHECK(stage.events() == "0\n1\n2\n3\n4\n");
    CHECK(stage.call.usage()->completion_tokens == 4);
    CHECK(stage.breaches().empty());
}

TEST_CASE("a whole answer has its length, and only the headers it needs", "[claude_code][unit]") {
    BridgeStage stage(GENERATE(Loops::kOne, Loops::kTwo));
    stage.bridge->answer(SessionHead{"id-1", false, ""}, R"({"a":1})", std::nullopt);
    stage.run();
    REQUIRE(stage.call.is_finished());
    CHECK(stage.call.body() == R"({"a":1})");
    CHECK(stage.call.head()->content_length == 7);
    CHECK(stage.call.head()->content_type == "application/json");
    CHECK_FALSE(stage.call.head()->header("X-Claude-Session-Created"));
    CHECK_FALSE(stage.call.head()->header("X-Claude-Ignored-Params"));
    CHECK_FALSE(stage.call.usage());
    CHECK(stage.breaches().empty());
}

TEST_CASE("an error reaches the client as it is, with the tokens that were used", "[claude_code][unit]") {
    BridgeStage stage(GENERATE(Loops::kOne, Loops::kTwo));
    stage.bridge->fail(Error("rate_limited", "Later.").with_retry_after(std::chrono::seconds(2)), Usage{3, 4});
    stage.run();
    REQUIRE(stage.call.error());
    CHECK(stage.call.error()->code == "rate_limited");
    CHECK(stage.call.error()->message == "Later.");
    CHECK(stage.call.error()->retry_after_ms == 2000);
    CHECK(stage.call.usage()->prompt_tokens == 3);
}

TEST_CASE("a client that leaves ends its call at once, and its user hears of it once", "[claude_code][unit]") {
    BridgeStage stage(GENERATE(Loops::kOne, Loops::kTwo));
    stage.bridge->begin_stream(SessionHead{"id-1", false, ""});
    stage.run();
    stage.call.cancel();
    stage.run();
    CHECK(stage.call.error()->code == "cancelled");
    CHECK(stage.lefts == 1);
    CHECK(stage.bridge->has_client_left());
    // The turn may go on for a while.
    stage.bridge->write_event("1");
    stage.bridge->finish_stream(std::nullopt);
    stage.bridge->fail(Error("internal_error", "Too late."));
    stage.run();
    CHECK(stage.events().empty());
    CHECK(stage.lefts == 1);
    CHECK(stage.breaches().empty());
}

TEST_CASE("what is on its way when the client leaves goes nowhere", "[claude_code][unit]") {
    BridgeStage stage(Loops::kTwo);
    stage.call.cancel();
    stage.bridge->begin_stream(SessionHead{"id-1", false, ""});
    stage.bridge->write_event("1");
    stage.run();
    CHECK(stage.call.error()->code == "cancelled");
    CHECK_FALSE(stage.call.head());
    CHECK(stage.lefts == 1);
    CHECK(stage.breaches().empty());
}

TEST_CASE("a user that has detached is told nothing", "[claude_code][unit]") {
    BridgeStage stage(GENERATE(Loops::kOne, Loops::kTwo));
    stage.call.set_queue_mark(4);
    stage.bridge->begin_stream(SessionHead{"id-1", false, ""});
    stage.bridge->write_event("123456");
    stage.run();
    stage.bridge->detach();
    stage.call.client_takes(6);
    stage.run();
    stage.call.cancel();
    stage.run();
    CHECK(stage.readies + stage.lefts == 0);
    CHECK(stage.bridge->has_client_left());
}

TEST_CASE("a client that is behind is known to be, until it has taken enough", "[claude_code][unit]") {
    BridgeStage stage(GENERATE(Loops::kOne, Loops::kTwo));
    stage.call.set_queue_mark(4);
    stage.bridge->begin_stream(SessionHead{"id-1", false, ""});
    stage.bridge->write_event("123");
    stage.run();
    CHECK_FALSE(stage.bridge->is_full());
    stage.bridge->write_event("456");
    stage.run();
    CHECK(stage.bridge->is_full());
    CHECK(stage.readies == 0);
    stage.call.client_takes(1);
    stage.run();
    CHECK(stage.bridge->is_full());
    stage.call.client_takes(5);
    stage.run();
    CHECK_FALSE(stage.bridge->is_full());
    CHECK(stage.readies == 1);
    // It may come to that again.
    stage.bridge->write_event("1234567");
    stage.run();
    CHECK(stage.bridge->is_full());
    stage.call.client_takes(7);
    stage.run();
    CHECK(stage.readies == 2);
    stage.bridge->finish_stream(std::nullopt);
    stage.run();
    CHECK(stage.breaches().empty());
}

TEST_CASE("a bridge lives on until its call has ended, and no longer", "[claude_code][unit]") {
    BridgeStage stage(GENERATE(Loops::kOne, Loops::kTwo));
    const std::weak_ptr<CallBridge> bridge = stage.bridge;
    CHECK(bridge.use_count() == 2);
    stage.bridge->fail(Error("internal_error", "It is over."));
    stage.run();
    CHECK(bridge.use_count() == 1);
}
