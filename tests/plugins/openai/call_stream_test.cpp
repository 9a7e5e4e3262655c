#include <catch2/catch.hpp>

#include "gateway_side.hpp"
#include "sluice/error.h"

using namespace sluice::openai::testing;

namespace {

constexpr std::string_view kFirst =
    R"({"choices":[{"index":0,"delta":{"role":"assistant","content":"He"},"finish_reason":null}]})";
constexpr std::string_view kSecond = R"({"choices":[{"index":0,"delta":{"content":"llo"},"finish_reason":null}]})";
constexpr std::string_view kLast = R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})";
constexpr std::string_view kUsage = R"({"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2}})";

std::string event(std::string_view data) { return "data: " + std::string(data) + "\n\n"; }

std::vector<std::string> data_of(const FakeCall& call) {
    std::vector<std::string> data;
    for (const auto& recorded : call.events()) data.push_back(recorded.data);
    return data;
}

// A stream whose head has come and whose chunks the test sends.
struct OpenStream {
    explicit OpenStream(FakeRequest request = chat_stream(), std::string_view more_config = {})
        : side(more_config), call(side.start(std::move(request))), peer(side.upstream.accept()) {
        peer.request();
        peer.send(stream_head());
    }

    GatewaySide side;
    std::unique_ptr<FakeCall> call;
    Peer peer;
};

}  // namespace

TEST_CASE("events are relayed as they come, and [DONE] ends the call at once", "[openai][stream]") {
    OpenStream open;
    REQUIRE(open.call->head());
    CHECK(open.call->head()->is_events);
    open.peer.send_chunk(event(kFirst));
    CHECK(data_of(*open.call) == std::vector<std::string>{std::string(kFirst)});
    open.peer.send_chunk(event(kSecond) + event(kLast) + event(kUsage));
    CHECK(open.call->events().size() == 3);
    CHECK_FALSE(open.call->is_ended());
    open.peer.send_chunk("data: [DONE]\n\n");
    REQUIRE(open.call->is_finished());
    REQUIRE(open.call->usage());
    CHECK(open.call->usage()->prompt_tokens == 7);
    CHECK(open.side.breaches() == "");
}

TEST_CASE("the connection is used again once the rest of a stream has come", "[openai][stream]") {
    OpenStream open;
    open.peer.send_chunk(event(kFirst) + event(kLast) + "data: [DONE]\n\n");
    REQUIRE(open.call->is_finished());
    open.peer.send("0\r\n\r\n");
    auto next = open.side.start(chat());
    open.peer.request();
    open.peer.send(json_answer(kCompletion));
    CHECK(next->is_finished());
    CHECK(open.side.host.metrics().value("connections_opened_total") == 1);
    CHECK(open.side.host.metrics().value("connections_reused_total") == 1);
    CHECK(open.side.breaches() == "");
}

TEST_CASE("a stream that never ends behind [DONE] loses its connection after a second", "[openai][stream]") {
    OpenStream open;
    open.peer.send_chunk(event(kLast) + "data: [DONE]\n\n");
    REQUIRE(open.call->is_finished());
    CHECK(open.peer.is_open());
    open.side.host.advance(std::chrono::milliseconds(1100));
    CHECK(open.peer.is_left());
    CHECK(open.side.breaches() == "");
}

TEST_CASE("a usage chunk is relayed only if the client asked for it", "[openai][stream]") {
    const bool wants_usage = GENERATE(true, false);
    OpenStream open(chat_stream().set_wants_usage(wants_usage));
    open.peer.send_chunk(event(kFirst) + event(kLast) + event(kUsage) + "data: [DONE]\n\n");
    REQUIRE(open.call->is_finished());
    CHECK(open.call->events().size() == (wants_usage ? 3u : 2u));
    CHECK(open.call->usage()->completion_tokens == 2);
    CHECK(open.side.breaches() == "");
}

TEST_CASE("a finished stream without [DONE] ends after a short silence", "[openai][stream]") {
    const bool wants_usage = GENERATE(true, false);
    OpenStream open(chat_stream().set_wants_usage(wants_usage));
    open.peer.send_chunk(event(kFirst) + event(kLast));
    open.side.host.advance(std::chrono::milliseconds(150));
    CHECK_FALSE(open.call->is_ended());
    open.side.host.advance(std::chrono::milliseconds(wants_usage ? 900 : 60));
    CHECK(open.call->is_finished());
    CHECK(open.side.breaches() == "");
}

TEST_CASE("a stream that is complete but for its transfer's end is a clean one", "[openai][stream]") {
    OpenStream open;
    open.peer.send_chunk(event(kFirst) + event(kLast));
    open.peer.reset();
    CHECK(open.call->is_finished());
    CHECK(open.side.breaches() == "");
}

TEST_CASE("a stream that ends early is an error, never a clean end", "[openai][stream]") {
    OpenStream open;
    open.peer.send_chunk(event(kFirst) + event(kSecond));
    SECTION("the transfer ends in order") { open.peer.send("0\r\n\r\n"); }
    SECTION("the connection ends") { open.peer.leave(); }
    SECTION("the connection is reset") { open.peer.reset(); }
    SECTION("the chunks are malformed") { open.peer.send("zz\r\n"); }
    SECTION("an event is no JSON") { open.peer.send_chunk("data: {\"choices\":[\n\n"); }
    SECTION("an event is two JSON values") { open.peer.send_chunk("data: {}{}\n\n"); }
    SECTION("a line end stands inside a string") { open.peer.send_chunk("data: {\"x\":\"a\ndata: b\"}\n\n"); }
    SECTION("only one of two choices is finished") {
        open.peer.send_chunk(event(R"({"choices":[{"index":1,"delta":{},"finish_reason":"stop"}]})"));
        open.peer.send("0\r\n\r\n");
    }
    REQUIRE(open.call->error());
    CHECK(open.call->error()->code == "upstream_error");
    CHECK(open.call->error()->flags == 0);
    for (const auto& data : data_of(*open.call)) CHECK(data.find("\"choices\":[{") != std::string::npos);
    CHECK(open.side.breaches() == "");
}

TEST_CASE("fewer choices than were asked for are no complete stream", "[openai][stream]") {
    OpenStream open(chat_stream().set_choice_count(2));
    open.peer.send_chunk(event(kFirst) + event(kLast));
    open.peer.send("0\r\n\r\n");
    REQUIRE(open.call->error());
    CHECK(open.side.breaches() == "");
}

TEST_CASE("an error event in a stream is relayed once", "[openai][stream]") {
    OpenStream open;
    const std::string error = R"({"error":{"message":"overloaded","type":"server_error","param":null,"code":null}})";
    open.peer.send_chunk(event(kFirst) + event(error) + event(kSecond));
    REQUIRE(open.call->error());
    CHECK((open.call->error()->flags & SLUICE_ERROR_RELAYED) != 0);
    CHECK(data_of(*open.call) == std::vector<std::string>{std::string(kFirst), error});
    CHECK(open.peer.is_left());
    CHECK(open.side.breaches() == "");
}

TEST_CASE("an error event before all others becomes an ordinary error", "[openai][stream]") {
    struct Case {
        std::string error;
        int status;
        std::string type;
    };
    const Case expected = GENERATE(
        Case{R"({"message":"slow","type":"rate_limit_error","code":"rate_limit_exceeded"})", 429, "rate_limit_error"},
        Case{R"({"message":"ow","type":"server_error"})", 502, "server_error"},
        Case{R"({"message":"no","type":"invalid_request_error","code":"context_length_exceeded"})", 400,
             "invalid_request_error"},
        Case{R"({"message":"x","code":401})", 401, "authentication_error"},
        Case{R"("plain text")", 502, "server_error"});
    OpenStream open;
    open.peer.send_chunk(event("{\"error\":" + expected.error + "}"));
    REQUIRE(open.call->error());
    CHECK(open.call->events().empty());
    CHECK(open.call->error()->http_status == expected.status);
    CHECK(open.call->error()->type == expected.type);
    CHECK(open.call->error()->flags == 0);
    CHECK(open.side.breaches() == "");
}

TEST_CASE("an error only its event name tells of is not relayed as text", "[openai][stream]") {
    OpenStream open;
    open.peer.send_chunk(event(kFirst) + "event: error\ndata: {\"message\":\"gone\"}\n\n");
    REQUIRE(open.call->error());
    CHECK(open.call->error()->message == "gone");
    CHECK(open.call->error()->flags == 0);
    CHECK(open.call->events().size() == 1);
    CHECK(open.side.breaches() == "");
}

TEST_CASE("a client that does not read stops the reading from the upstream", "[openai][stream]") {
    OpenStream open;
    open.call->set_queue_mark(1000);
    const std::string block = [] {
        const std::string data =
            event(R"({"choices":[{"index":0,"delta":{"content":")" + std::string(1000, 'x') + R"("}}]})");
        char size[16];
        std::snprintf(size, sizeof(size), "%zx\r\n", data.size());
        return size + data + "\r\n";
    }();
    open.peer.send(block + block);
    const std::size_t before = open.call->events().size();
    CHECK(before == 2);
    std::size_t offered = 0;
    while (offered < 100 && open.peer.offer(block)) ++offered;
    open.side.host.loop().run_ready();
    CHECK(open.call->events().size() == before);
    open.call->client_takes(SIZE_MAX);
    open.side.host.loop().run_ready();
    CHECK(open.call->events().size() > before);
    open.call->cancel();
    CHECK(open.call->run_to_end());
    CHECK(open.side.breaches() == "");
}

TEST_CASE("named events keep their names and end with a terminal one", "[openai][stream]") {
    OpenStream open(
        FakeRequest().set_path("/v1/responses").set_body(R"({"model":"m","stream":true})").set_stream(true));
    open.peer.send_chunk("event: response.created\ndata: {\"type\":\"response.created\"}\n\n");
    open.peer.send_chunk(
        "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"usage\":{\"input_tokens\":5,"
        "\"output_tokens\":6,\"input_tokens_details\":{\"cached_tokens\":1}}}}\n\n");
    REQUIRE(open.call->is_finished());
    REQUIRE(open.call->events().size() == 2);
    CHECK(open.call->events()[0].name == "response.created");
    CHECK(open.call->usage()->prompt_tokens == 5);
    CHECK(open.call->usage()->completion_tokens == 6);
    CHECK(open.call->usage()->cached_tokens == 1);
    CHECK(open.side.breaches() == "");
}

TEST_CASE("a stream of responses without a terminal event is an error", "[openai][stream]") {
    OpenStream open(
        FakeRequest().set_path("/v1/responses").set_body(R"({"model":"m","stream":true})").set_stream(true));
    open.peer.send_chunk("event: response.created\ndata: {\"type\":\"response.created\"}\n\n");
    open.peer.send("0\r\n\r\n");
    REQUIRE(open.call->error());
    CHECK(open.side.breaches() == "");
}

TEST_CASE("streams of other endpoints end with their transfer", "[openai][stream]") {
    OpenStream open(FakeRequest().set_path("/v1/images/generations").set_body(R"({"stream":true})").set_stream(true));
    open.peer.send_chunk("event: image.partial\ndata: {\"type\":\"image.partial\"}\n\n");
    open.peer.send("0\r\n\r\n");
    CHECK(open.call->is_finished());
    CHECK(open.side.breaches() == "");
}

TEST_CASE("a stream without length or chunks ends with the connection", "[openai][stream]") {
    GatewaySide side;
    auto call = side.start(chat_stream());
    Peer peer = side.upstream.accept();
    peer.request();
    peer.send(stream_head("Connection: close\r\n") + event(kFirst) + event(kLast));
    CHECK_FALSE(call->is_ended());
    peer.leave();
    CHECK(call->is_finished());
    CHECK(side.breaches() == "");
}

TEST_CASE("JSON where a stream was asked for is an upstream error", "[openai][stream]") {
    GatewaySide side;
    auto call = side.start(chat_stream());
    Peer peer = side.upstream.accept();
    peer.request();
    peer.send(json_answer(kCompletion));
    REQUIRE(call->error());
    CHECK(call->error()->code == "upstream_error");
    CHECK(side.breaches() == "");
}

TEST_CASE("an echoed key is blotted out of events", "[openai][stream]") {
    OpenStream open;
    open.peer.send_chunk("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"sk-server-");
    open.peer.send_chunk("key-0123456789\"}}]}\n\n");
    REQUIRE(open.call->events().size() == 1);
    CHECK(open.call->events()[0].data ==
          "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + std::string(24, '*') + "\"}}]}");
    open.call->cancel();
    CHECK(open.call->run_to_end());
    CHECK(open.side.breaches() == "");
}
