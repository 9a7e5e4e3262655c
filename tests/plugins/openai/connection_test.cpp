#include <catch2/catch.hpp>

#include <functional>
#include <memory>
#include <vector>

#include "gateway_side.hpp"
#include "sluice/error.h"

using namespace sluice::openai::testing;
using std::chrono::milliseconds;

namespace {

// One answered request; its connection is idle afterwards.
Peer answered_once(GatewaySide& side, std::string_view fields = {}) {
    auto call = side.start(chat());
    Peer peer = side.upstream.accept();
    peer.request();
    peer.send(json_answer(kCompletion, 200, fields));
    REQUIRE(call->is_finished());
    return peer;
}

}  // namespace

TEST_CASE("one connection serves one request after the other", "[openai][connection]") {
    GatewaySide side;
    Peer peer = answered_once(side);
    for (int i = 0; i < 5; ++i) {
        auto call = side.start(chat());
        peer.request();
        peer.send(json_answer(kCompletion));
        REQUIRE(call->is_finished());
    }
    CHECK_FALSE(side.upstream.has_visitor());
    CHECK(side.host.metrics().value("connections_reused_total") == 5);
    CHECK(side.host.metrics().value("connections_open") == 1);
    CHECK(side.host.metrics().value("requests_total", {{"outcome", "success"}}) == 6);
    CHECK(side.breaches() == "");
}

TEST_CASE("a connection the upstream closed while idle is replaced", "[openai][connection]") {
    GatewaySide side;
    answered_once(side).leave();
    CHECK(side.host.metrics().value("connections_open") == 0);
    Peer next = answered_once(side);
    CHECK(side.breaches() == "");
}

TEST_CASE("a connection that ends between being chosen and being used is replaced", "[openai][connection]") {
    GatewaySide side;
    Peer first = answered_once(side);
    auto call = side.start(chat());  // chosen now, used at the end of the loop's round
    SECTION("by the upstream's end of it") { first.leave(); }
    SECTION("by bytes nobody asked for") { first.send("HTTP/1.1 408 Request Timeout\r\n\r\n"); }
    Peer next = side.upstream.accept();
    next.request();
    next.send(json_answer(kCompletion));
    CHECK(call->is_finished());
    CHECK(side.breaches() == "");
}

TEST_CASE("a call cancelled before its turn to send is never sent", "[openai][cancel]") {
    GatewaySide side;
    Peer peer = answered_once(side);
    auto cancelled = side.start(chat());
    cancelled->cancel();
    side.host.loop().run_ready();
    CHECK(cancelled->error().has_value());
    CHECK(peer.is_left());
    CHECK_FALSE(side.upstream.has_visitor());
    CHECK(side.breaches() == "");
}

TEST_CASE("a connection on which unasked bytes came is not used", "[openai][connection]") {
    GatewaySide side;
    Peer peer = answered_once(side);
    peer.send("HTTP/1.1 408 Request Timeout\r\n\r\n");
    CHECK(peer.is_left());
    CHECK(side.breaches() == "");
}

TEST_CASE("an answer with bytes behind its end costs the connection", "[openai][connection]") {
    GatewaySide side;
    auto call = side.start(chat());
    Peer peer = side.upstream.accept();
    peer.request();
    peer.send(json_answer(kCompletion) + "surplus");
    REQUIRE(call->is_finished());
    CHECK(peer.is_left());
    CHECK(side.breaches() == "");
}

TEST_CASE("Connection: close is honoured", "[openai][connection]") {
    GatewaySide side;
    Peer peer = answered_once(side, "Connection: close\r\n");
    CHECK(peer.is_left());
    CHECK(side.breaches() == "");
}

TEST_CASE("an idle connection is closed after idle_timeout_ms", "[openai][connection]") {
    GatewaySide side(R"(,"idle_timeout_ms":5000)");
    Peer peer = answered_once(side);
    side.host.advance(milliseconds(4900));
    CHECK(peer.is_open());
    side.host.advance(milliseconds(200));
    CHECK(peer.is_left());
    CHECK(side.breaches() == "");
}

TEST_CASE("an idle connection is closed a second before the upstream would", "[openai][connection]") {
    GatewaySide side;
    Peer peer = answered_once(side, "Keep-Alive: max=100, timeout=5\r\n");
    side.host.advance(milliseconds(3900));
    CHECK(peer.is_open());
    side.host.advance(milliseconds(200));
    CHECK(peer.is_left());
    CHECK(side.breaches() == "");
}

TEST_CASE("an instance that goes closes its idle connections a few in each round of the loop", "[openai][connection]") {
    constexpr std::size_t kConnections = 10;
    GatewaySide side;
    std::vector<double> open_by_round;
    bool is_over = false;
    const std::function<void()> look = [&] {
        open_by_round.push_back(side.host.metrics().value("connections_open"));
        if (!is_over) side.host.loop().post(look);
    };
    std::vector<std::unique_ptr<sluice::testing::FakeCall>> calls;
    std::vector<Peer> peers;
    for (std::size_t i = 0; i < kConnections; ++i) {
        calls.push_back(side.start(chat()));
        peers.push_back(side.upstream.accept());
    }
    for (Peer& peer : peers) {
        peer.request();
        peer.send(json_answer(kCompletion));
    }
    look();
    REQUIRE(open_by_round.back() == kConnections);
    CHECK(side.breaches() == "");
    is_over = true;
    side.host.loop().run_ready();
    CHECK(open_by_round.back() == 0);
    for (std::size_t round = 1; round < open_by_round.size(); ++round) {
        CHECK(open_by_round[round - 1] - open_by_round[round] <= 4);
    }
}

TEST_CASE("a request that was sent is never sent again", "[openai][connection]") {
    GatewaySide side;
    Peer peer = answered_once(side);
    auto call = side.start(chat());
    peer.request();
    SECTION("closed") { peer.leave(); }
    SECTION("reset") { peer.reset(); }
    REQUIRE(call->error());
    CHECK(call->error()->code == "upstream_error");
    CHECK((call->error()->flags & SLUICE_ERROR_UNANSWERED) != 0);
    CHECK_FALSE(side.upstream.has_visitor());
    CHECK(side.breaches() == "");
}

TEST_CASE("a failure behind the first byte of an answer is not called unanswered", "[openai][connection]") {
    GatewaySide side;
    auto call = side.start(chat());
    Peer peer = side.upstream.accept();
    peer.request();
    SECTION("in the head") { peer.send("HTTP/1.1 200 OK\r\nContent-"); }
    SECTION("in the body") { peer.send(json_answer(kCompletion).substr(0, 150)); }
    peer.leave();
    REQUIRE(call->error());
    CHECK(call->error()->flags == 0);
    CHECK(side.breaches() == "");
}

TEST_CASE("an answer that breaks HTTP is an upstream error", "[openai][connection]") {
    GatewaySide side;
    auto call = side.start(chat());
    Peer peer = side.upstream.accept();
    peer.request();
    SECTION("not HTTP") { peer.send("SSH-2.0-OpenSSH\r\n"); }
    SECTION("folded line") { peer.send("HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\nContent-Length: 2\r\n\r\n{}"); }
    SECTION("gzip transfer coding") { peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"); }
    SECTION("both framings") {
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n");
    }
    SECTION("two lengths") { peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}"); }
    SECTION("signed length") { peer.send("HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\n{}"); }
    SECTION("head over 64 KB") { peer.send("HTTP/1.1 200 OK\r\nX: " + std::string(70000, 'x')); }
    SECTION("switching protocols") { peer.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"); }
    REQUIRE(call->run_to_end());
    REQUIRE(call->error());
    CHECK(call->error()->code == "upstream_error");
    CHECK(peer.is_left());
    CHECK(side.breaches() == "");
}

TEST_CASE("a cancelled call closes its connection at once, in every phase", "[openai][cancel]") {
    GatewaySide side;
    auto call = side.start(chat_stream());
    std::unique_ptr<Peer> peer;
    SECTION("connecting") {}
    SECTION("waiting for the head") {
        peer = std::make_unique<Peer>(side.upstream.accept());
        peer->request();
    }
    SECTION("in the head") {
        peer = std::make_unique<Peer>(side.upstream.accept());
        peer->request();
        peer->send("HTTP/1.1 200");
    }
    SECTION("streaming") {
        peer = std::make_unique<Peer>(side.upstream.accept());
        peer->request();
        peer->send(stream_head());
        peer->send_chunk("data: {\"choices\":[]}\n\n");
    }
    call->cancel();
    side.host.loop().run_ready();
    REQUIRE(call->is_ended());
    REQUIRE(call->error());
    CHECK(call->error()->http_status == 499);
    if (peer != nullptr) CHECK(peer->is_left());
    CHECK(side.host.metrics().value("connections_open") == 0);
    CHECK(side.host.metrics().value("requests_total", {{"outcome", "cancelled"}}) == 1);
    CHECK(side.breaches() == "");
}

TEST_CASE("a call the host refuses in the middle of a write ends", "[openai][cancel]") {
    GatewaySide side;
    auto call = side.start(chat_stream());
    Peer peer = side.upstream.accept();
    peer.request();
    call->cancel_at_write(2);
    peer.send(stream_head());
    const std::string event = "data: {\"choices\":[]}\n\n";
    peer.send_chunk(event + event + event);
    REQUIRE(call->is_ended());
    CHECK(call->events().size() == 1);
    CHECK(peer.is_left());
    CHECK(side.breaches() == "");
}

TEST_CASE("an upstream that cannot be reached is an error that may go elsewhere", "[openai][connection]") {
    sluice::testing::FakeHost host;
    std::uint16_t port = 0;
    {
        const ScriptedUpstream gone(host);
        port = gone.port();
    }
    const std::string config = "{\"base_url\":\"http://127.0.0.1:" + std::to_string(port) + "/v1\",\"auth\":\"none\"}";
    {
        LoadedBackend backend(host, sluice_plugin_query(1, 0), config);
        const auto call = backend.answer(chat());
        REQUIRE(call->error());
        CHECK(call->error()->code == "upstream_error");
        CHECK(call->error()->message == "the upstream refused the connection");
        CHECK((call->error()->flags & SLUICE_ERROR_UNANSWERED) != 0);
    }
    CHECK(host.breaches().text() == "");
}

TEST_CASE("an upstream that is silent past head_timeout_ms is given up", "[openai][connection]") {
    GatewaySide side(R"(,"head_timeout_ms":3000)");
    auto call = side.start(chat());
    Peer peer = side.upstream.accept();
    peer.request();
    side.host.advance(milliseconds(2900));
    CHECK_FALSE(call->is_ended());
    side.host.advance(milliseconds(200));
    REQUIRE(call->error());
    CHECK(call->error()->code == "timeout");
    CHECK(peer.is_left());
    CHECK(side.breaches() == "");
}

TEST_CASE("the time limit for a head does not cut an answer that has begun", "[openai][connection]") {
    GatewaySide side(R"(,"head_timeout_ms":3000)");
    auto call = side.start(chat());
    Peer peer = side.upstream.accept();
    peer.request();
    peer.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n");
    side.host.advance(milliseconds(9000));
    peer.send(R"({"choices":[]})");
    CHECK(call->is_finished());
    CHECK(side.breaches() == "");
}

TEST_CASE("connections are opened ahead, and again after a loss while there is traffic", "[openai][connection]") {
    GatewaySide side(R"(,"warm_connections":1)");
    Peer first = side.upstream.accept();
    side.host.advance(milliseconds(1500));
    auto call = side.start(chat());
    first.request();
    first.send(json_answer(kCompletion));
    REQUIRE(call->is_finished());
    first.leave();
    Peer second = side.upstream.accept();
    side.host.advance(milliseconds(30100));
    CHECK(second.is_left());
    Peer third = side.upstream.accept();
    // The request is more than a minute ago now.
    side.host.advance(milliseconds(31000));
    CHECK(third.is_left());
    CHECK_FALSE(side.upstream.has_visitor());
    CHECK(side.breaches() == "");
}
