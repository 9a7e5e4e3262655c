// When things happen, and that nothing happens after the end.
#include <catch2/catch.hpp>

#include "fault_side.hpp"

using namespace sluice::fault::testing;
using namespace std::chrono_literals;

TEST_CASE("head, first token and tokens come at their times", "[fault][unit]") {
    FaultSide side(R"({"tokens":3,"head_ms":1000,"first_token_ms":200,"token_ms":30})");
    const auto call = side.start(chat(true));
    side.host.advance(999ms);
    CHECK_FALSE(call->head());
    side.host.advance(1ms);
    CHECK(call->head());
    side.host.advance(199ms);
    CHECK(call->events().empty());
    side.host.advance(1ms);
    CHECK(text_of(*call) == "1");
    side.host.advance(30ms);
    CHECK(text_of(*call) == "1 2");
    CHECK_FALSE(call->is_ended());
    side.host.advance(30ms);
    CHECK(text_of(*call) == "1 2 3");
    CHECK(call->is_finished());
    CHECK(side.breaches() == "");
}

TEST_CASE("an answer in one piece takes as long as its tokens", "[fault][unit]") {
    FaultSide side(R"({"tokens":4,"head_ms":100,"first_token_ms":50,"token_ms":10})");
    const auto call = side.start(chat());
    side.host.advance(189ms);
    CHECK_FALSE(call->head());
    side.host.advance(1ms);
    CHECK(call->is_finished());
    CHECK(side.breaches() == "");
}

TEST_CASE("jitter varies a time by its part at most, and the same way with the same seed", "[fault][unit]") {
    const auto time_of = [](std::string_view seed, int request) {
        FaultSide side(R"({"head_ms":1000,"jitter":0.5,"seed":)" + std::string(seed) + "}");
        for (int before = 0; before < request; ++before) {
            const auto call = side.start(chat());
            side.host.advance(1500ms);
        }
        const auto call = side.start(chat());
        int waited = 0;
        for (; !call->is_ended(); ++waited) side.host.advance(1ms);
        return waited;
    };
    CHECK(time_of("1", 0) == time_of("1", 0));
    CHECK(time_of("1", 0) != time_of("1", 1));
    CHECK(time_of("1", 0) != time_of("2", 0));
    for (const char* seed : {"1", "2", "3", "4", "5"}) {
        CHECK(time_of(seed, 0) >= 500);
        CHECK(time_of(seed, 0) <= 1500);
    }
}

TEST_CASE("a client that leaves ends the call and its timer at once, in every phase", "[fault][unit]") {
    const auto [config, is_stream] = GENERATE(table<std::string, bool>({
        {R"({"head_ms":5000})", true},
        {R"({"head_ms":5000})", false},
        {R"({"first_token_ms":5000})", true},
        {R"({"token_ms":5000})", true},
        {R"({"script":[{"scenario":"silent"}]})", false},
        {R"({"script":[{"scenario":"silent"}],"head_timeout_ms":5000})", false},
        {R"({"script":[{"scenario":"silent_after_head"}]})", true},
        {R"({"script":[{"scenario":"silent_stream"}]})", true},
        {R"({"script":[{"scenario":"left_open"}]})", true},
        {R"({"script":[{"scenario":"endless"}]})", false},
        {R"({"script":[{"scenario":"endless"}]})", true},
    }));
    INFO(config);
    FaultSide side(config);
    const auto call = side.start(chat(is_stream));
    REQUIRE_FALSE(call->is_ended());
    call->cancel();
    side.host.loop().run_ready();
    REQUIRE(call->error());
    CHECK(call->error()->code == "cancelled");
    CHECK(call->error()->http_status == 499);
    CHECK(side.host.loop().timer_count() == 0);
    side.host.advance(10s);
    CHECK(side.breaches() == "");
}

TEST_CASE("an endless stream waits for a client that does not read", "[fault][unit]") {
    FaultSide side(R"({"script":[{"fault":"endless"}]})");
    FakeCall call(side.host, chat(true));
    call.set_queue_mark(1000);
    side.backend->start(call);
    side.host.advance(1s);
    const std::size_t given = call.events().size();
    CHECK(call.queued_bytes() < 2000);
    CHECK(call.writes_while_full() == 0);
    call.client_takes(2000);
    side.host.advance(1s);
    CHECK(call.events().size() > given);
    CHECK_FALSE(call.is_ended());
    call.cancel();
    side.host.loop().run_ready();
    CHECK(side.breaches() == "");
}

TEST_CASE("a long answer without pauses leaves the loop to others in between", "[fault][unit]") {
    FaultSide side(R"({"tokens":1000})");
    FakeCall call(side.host, chat(true));
    side.backend->start(call);
    CHECK(call.events().size() == 64);
    side.host.advance(100ms);
    CHECK(call.is_finished());
    CHECK(call.events().size() == 1002);
    CHECK(side.breaches() == "");
}

TEST_CASE("a request that is still being sent is read to its end before it is answered", "[fault][unit]") {
    FaultSide side(R"({"script":[{"status":503}]})");
    const auto call = side.start(FakeRequest().set_path("/v1/files").set_streamed_body());
    for (int piece = 0; piece < 3; ++piece) {
        call->send_body("piece");
        side.host.loop().run_ready();
        CHECK_FALSE(call->is_ended());
    }
    call->send_body("end", true);
    side.host.loop().run_ready();
    CHECK(status_of(*call) == 503);
    const auto broken = side.start(FakeRequest().set_path("/v1/files").set_streamed_body());
    broken->break_body();
    side.host.loop().run_ready();
    CHECK(broken->error()->code == "cancelled");
    const auto at_once = std::make_unique<FakeCall>(side.host, FakeRequest().set_path("/v1/files").set_streamed_body());
    at_once->send_body("all of it", true);
    side.backend->start(*at_once);
    side.host.loop().run_ready();
    CHECK(status_of(*at_once) == 503);
    CHECK(side.breaches() == "");
}
