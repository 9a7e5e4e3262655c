#include <catch2/catch.hpp>

#include "gateway_side.hpp"

using namespace sluice::openai::testing;

TEST_CASE("a completion passes byte for byte, with its usage", "[openai][call]") {
    GatewaySide side;
    auto call = side.start(chat());
    Peer peer = side.upstream.accept();
    const std::string request = peer.request();
    CHECK(request.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"));
    CHECK(request.find("Authorization: Bearer sk-server-key-0123456789\r\n") != std::string::npos);
    CHECK(request.ends_with(R"({"model":"gpt-4o","messages":[{"role":"user","content":"hello"}]})"));
    CHECK(call->is_body_released());
    peer.send(json_answer(kCompletion, 200,
                          "X-Request-ID: up-1\r\nServer: secret\r\nSet-Cookie: a=b\r\nopenai-processing-ms: 12\r\n"));
    REQUIRE(call->is_finished());
    CHECK(call->body() == kCompletion);
    CHECK(call->head()->http_status == 200);
    CHECK(call->head()->content_length == kCompletion.size());
    CHECK(call->head()->header("X-Upstream-Request-ID") == "up-1");
    CHECK(call->head()->header("openai-processing-ms") == "12");
    CHECK_FALSE(call->head()->header("Server"));
    CHECK_FALSE(call->head()->header("Set-Cookie"));
    REQUIRE(call->usage());
    CHECK(call->usage()->prompt_tokens == 12);
    CHECK(call->usage()->completion_tokens == 3);
    CHECK(call->usage()->cached_tokens == 4);
    CHECK(side.breaches() == "");
}

TEST_CASE("an answer cut at any byte is the same answer", "[openai][call]") {
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
    const std::string chunks = "3\r\n{\"c\r\n12;x=y\r\nhoices\":[],\"id\":\"1\r\n2\r\n\"}\r\n0\r\nTrailer: x\r\n\r\n";
    const std::string body = R"({"choices":[],"id":"1"})";
    const std::string answer =
        GENERATE_COPY(as<std::string>(), json_answer(body), head + "Transfer-Encoding: chunked\r\n\r\n" + chunks,
                      "HTTP/1.1 100 Continue\r\n\r\n" + json_answer(body));
    GatewaySide side;
    std::unique_ptr<Peer> peer;
    for (std::size_t cut = 0; cut < answer.size(); ++cut) {
        INFO("cut at " << cut);
        auto call = side.start(chat());
        if (peer == nullptr) peer = std::make_unique<Peer>(side.upstream.accept());
        peer->request();
        peer->send(answer.substr(0, cut));
        CHECK_FALSE(call->is_ended());
        peer->send(answer.substr(cut));
        REQUIRE(call->is_finished());
        CHECK(call->body() == body);
    }
    CHECK_FALSE(side.upstream.has_visitor());
    CHECK(side.breaches() == "");
}

TEST_CASE("an answer that is no completion is an upstream error", "[openai][call]") {
    GatewaySide side;
    const auto code_for = [&](const std::string& answer) {
        auto call = side.start(chat());
        Peer peer = side.upstream.accept();
        peer.request();
        peer.send(answer);
        peer.leave();
        REQUIRE(call->is_ended());
        REQUIRE(call->error());
        CHECK(call->error()->http_status == 0);
        return call->error()->code;
    };
    const std::string close = "Connection: close\r\n";
    CHECK(code_for(json_answer(R"({"id":)", 200, close)) == "upstream_error");
    CHECK(code_for(json_answer(R"({"id":"x"})", 200, close)) == "upstream_error");
    CHECK(code_for(json_answer(R"([1])", 200, close)) == "upstream_error");
    CHECK(code_for(json_answer("", 200, close)) == "upstream_error");
    CHECK(
        code_for("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\n<ok>") ==
        "upstream_error");
    CHECK(code_for("HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: http://x/\r\nContent-Length: 0\r\n\r\n") ==
          "upstream_error");
    CHECK(code_for("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n") == "upstream_error");
    CHECK(code_for(json_answer(kCompletion, 200, "Content-Encoding: gzip\r\nConnection: close\r\n")) ==
          "upstream_error");
    CHECK(code_for(stream_head("Content-Length: 2\r\nConnection: close\r\n") + "\n\n") == "upstream_error");
    CHECK(side.breaches() == "");
}

TEST_CASE("an upstream's JSON error passes with its status and its words", "[openai][call]") {
    GatewaySide side;
    auto call = side.start(chat());
    Peer peer = side.upstream.accept();
    peer.request();
    const std::string body =
        R"({"error":{"message":"slow down","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}})";
    peer.send(
        json_answer(body, 429, "Retry-After: 2\r\nx-ratelimit-remaining-requests: 0\r\nx-should-retry: true\r\n"));
    REQUIRE(call->is_finished());
    CHECK(call->head()->http_status == 429);
    CHECK(call->body() == body);
    CHECK(call->head()->header("retry-after") == "2");
    CHECK(call->head()->header("x-should-retry") == "true");
    CHECK(call->head()->header("x-ratelimit-remaining-requests") == "0");
    CHECK(side.breaches() == "");
}

TEST_CASE("an upstream's error that is no JSON is wrapped and keeps its status", "[openai][call]") {
    GatewaySide side;
    const std::pair<int, const char*> cases[] = {{400, "invalid_request_error"}, {401, "authentication_error"},
                                                 {403, "permission_error"},      {404, "not_found_error"},
                                                 {429, "rate_limit_error"},      {503, "server_error"}};
    Peer* peer = nullptr;
    std::unique_ptr<Peer> kept;
    for (const auto& [status, type] : cases) {
        auto call = side.start(chat());
        if (peer == nullptr) {
            kept = std::make_unique<Peer>(side.upstream.accept());
            peer = kept.get();
        }
        peer->request();
        peer->send("HTTP/1.1 " + std::to_string(status) +
                   " X\r\nContent-Type: text/html\r\nRetry-After: 3\r\nContent-Length: 5\r\n\r\n<ow!>");
        REQUIRE(call->error());
        CHECK(call->error()->http_status == status);
        CHECK(call->error()->type == type);
        CHECK(call->error()->retry_after_ms == 3000);
        CHECK(call->error()->message.find("<ow!>") == std::string::npos);
    }
    CHECK(side.breaches() == "");
}

TEST_CASE("an answer that is too large is refused", "[openai][call]") {
    GatewaySide side(R"(,"max_answer_bytes":1024)");
    auto call = side.start(chat());
    Peer peer = side.upstream.accept();
    peer.request();
    peer.send(json_answer("{\"choices\":[\"" + std::string(2000, 'x') + "\"]}"));
    REQUIRE(call->error());
    CHECK(call->error()->code == "upstream_error");
    CHECK(call->error()->message.find("max_answer_bytes") != std::string::npos);
    CHECK(side.breaches() == "");
}

TEST_CASE("a large answer in many reads is held whole", "[openai][call]") {
    GatewaySide side;
    auto call = side.start(chat());
    Peer peer = side.upstream.accept();
    peer.request();
    const std::string body = "{\"choices\":[\"" + std::string(3u << 20, 'x') + "\"]}";
    peer.send(json_answer(body));
    REQUIRE(call->run_to_end());
    CHECK(call->body() == body);
    CHECK(side.breaches() == "");
}

TEST_CASE("the upstream's echo of our key is blotted out", "[openai][call]") {
    GatewaySide side;
    auto call = side.start(chat());
    Peer peer = side.upstream.accept();
    peer.request();
    const std::string body =
        R"({"error":{"message":"bad key sk-server-key-0123456789","type":"x","param":null,"code":null}})";
    peer.send(json_answer(body, 401, "openai-echo: sk-server-key-0123456789\r\n"));
    REQUIRE(call->is_finished());
    CHECK(call->body().find("sk-server") == std::string::npos);
    CHECK(call->body().find("bad key ************************\"") != std::string::npos);
    CHECK(call->body().size() == body.size());
    CHECK(call->head()->header("openai-echo") == std::string(24, '*'));
    CHECK(side.breaches() == "");
}

TEST_CASE("a binary answer streams through, and a key in it is blotted out across reads", "[openai][call]") {
    GatewaySide side;
    FakeRequest request = FakeRequest().set_path("/v1/audio/speech").set_body(R"({"model":"tts","input":"x"})");
    auto call = side.start(std::move(request));
    Peer peer = side.upstream.accept();
    peer.request();
    peer.send("HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nTransfer-Encoding: chunked\r\n\r\n");
    REQUIRE(call->head());
    CHECK(call->head()->content_type == "audio/mpeg");
    peer.send_chunk(std::string("abc\0sk-server", 13));
    CHECK(call->body() == std::string("abc\0", 4));
    peer.send_chunk("-key-01234");
    peer.send_chunk("56789tail sk-serv");
    CHECK(call->body() == std::string("abc\0", 4) + std::string(24, '*') + "tail ");
    peer.send("0\r\n\r\n");
    REQUIRE(call->is_finished());
    CHECK(call->body() == std::string("abc\0", 4) + std::string(24, '*') + "tail sk-serv");
    CHECK(side.breaches() == "");
}
