#include <catch2/catch.hpp>

#include "gateway_side.hpp"

using namespace sluice::openai::testing;

TEST_CASE("only the client's fields that may go upstream do", "[openai][request]") {
    GatewaySide side;
    FakeRequest request = chat();
    for (const char* name :
         {"OpenAI-Organization", "OpenAI-Project", "OpenAI-Beta", "Idempotency-Key", "traceparent", "tracestate",
          "Accept", "User-Agent", "X-Stainless-Lang", "X-Stainless-Retry-Count", "x-stainless-runtime"}) {
        request.set_header(name, std::string("value of ") + name);
    }
    for (const char* name : {"Authorization", "Cookie", "X-Claude-Code", "X-Claude-Session-ID", "X-Forwarded-For",
                             "Accept-Encoding", "Content-Length", "Host", "X-Request-ID", "Origin"}) {
        request.set_header(name, "stays behind");
    }
    request.set_header("Content-Type", "application/json; charset=utf-8");
    auto call = side.start(std::move(request));
    Peer peer = side.upstream.accept();
    const std::string head = peer.head();
    for (const char* name :
         {"OpenAI-Organization", "OpenAI-Project", "OpenAI-Beta", "Idempotency-Key", "traceparent", "tracestate",
          "Accept", "User-Agent", "X-Stainless-Lang", "X-Stainless-Retry-Count", "x-stainless-runtime"}) {
        CHECK(head.find(std::string("\r\n") + name + ": value of " + name + "\r\n") != std::string::npos);
    }
    CHECK(head.find("stays behind") == std::string::npos);
    CHECK(head.find("\r\nContent-Type: application/json; charset=utf-8\r\n") != std::string::npos);
    CHECK(head.find("\r\nAccept-Encoding: identity\r\n") != std::string::npos);
    CHECK(head.find("\r\nHost: 127.0.0.1:" + std::to_string(side.upstream.port()) + "\r\n") != std::string::npos);
    call->cancel();
    call->run_to_end();
    CHECK(side.breaches() == "");
}

TEST_CASE("a client's key replaces the server's where that is allowed", "[openai][key]") {
    const bool is_allowed = GENERATE(true, false);
    GatewaySide side(is_allowed ? "" : R"(,"allow_client_key":false)");
    auto call = side.start(chat().set_header("X-OpenAI-API-Key", "sk-client-abcdefgh"));
    Peer peer = side.upstream.accept();
    const std::string request = peer.request();
    const std::string expected = is_allowed ? "Bearer sk-client-abcdefgh\r\n" : "Bearer sk-server-key-0123456789\r\n";
    CHECK(request.find("\r\nAuthorization: " + expected) != std::string::npos);
    CHECK(request.find("X-OpenAI-API-Key") == std::string::npos);
    peer.send(json_answer(R"({"choices":[],"echo":"sk-client-abcdefgh"})"));
    REQUIRE(call->is_finished());
    CHECK((call->body().find("sk-client") == std::string::npos) == is_allowed);
    CHECK(side.breaches() == "");
}

TEST_CASE("a malformed client key is refused", "[openai][key]") {
    GatewaySide side;
    const std::string value =
        GENERATE(std::string(257, 'k'), std::string("two words"), std::string("k\xc3\xa9y"), std::string("\x7f"));
    auto call = side.start(chat().set_header("X-OpenAI-API-Key", value));
    REQUIRE(call->error());
    CHECK(call->error()->code == "invalid_header_value");
    CHECK(call->error()->message.find(value) == std::string::npos);
    CHECK_FALSE(side.upstream.has_visitor());
    CHECK(side.breaches() == "");
}

TEST_CASE("a disabled instance and one without a key refuse calls and say so in the health check", "[openai][key]") {
    struct Case {
        const char* config;
        const char* code;
        const char* word;
    };
    const auto [config, code, word] =
        GENERATE(Case{R"({"base_url":"http://127.0.0.1:9/v1","api_key":"k","enabled":false})", "passthrough_disabled",
                      "disabled"},
                 Case{R"({"base_url":"http://127.0.0.1:9/v1","allow_client_key":false})", "passthrough_not_configured",
                      "no_key"},
                 Case{R"({"base_url":"http://127.0.0.1:9/v1","api_key":""})", "passthrough_not_configured", "ok"});
    sluice::testing::FakeHost host;
    {
        LoadedBackend backend(host, sluice_plugin_query(1, 0), config);
        const auto call = backend.answer(chat());
        REQUIRE(call->error());
        CHECK(call->error()->code == code);
        const auto health = backend.health();
        CHECK(health->word() == word);
        CHECK((health->state() == SLUICE_HEALTH_OK) == (std::string(word) == "ok"));
        CHECK(backend.models()->error());
    }
    CHECK(host.breaches().text() == "");
}

TEST_CASE("a path that leads out of the API is refused", "[openai][request]") {
    GatewaySide side;
    const char* path = GENERATE("/v1/files/../../admin", "/v1/%2e%2E/admin", "/v1/./x", "/v1/..");
    auto call = side.start(FakeRequest().set_method("GET").set_path(path));
    REQUIRE(call->error());
    CHECK(call->error()->code == "invalid_request");
    CHECK(side.breaches() == "");
}

TEST_CASE("a large body goes upstream whole", "[openai][request]") {
    GatewaySide side;
    const std::string body = "{\"model\":\"" + std::string(8u << 20, 'm') + "\"}";
    auto call = side.start(FakeRequest().set_body(body));
    Peer peer = side.upstream.accept();
    CHECK_FALSE(call->is_body_released());
    const std::string request = peer.request();
    CHECK(request.ends_with("\r\n\r\n" + body));
    CHECK(call->is_body_released());
    peer.send(json_answer(kCompletion));
    CHECK(call->is_finished());
    CHECK(side.breaches() == "");
}

TEST_CASE("an answer to half a request is an answer", "[openai][request]") {
    GatewaySide side;
    auto call = side.start(FakeRequest().set_body("{\"model\":\"" + std::string(16u << 20, 'm') + "\"}"));
    Peer peer = side.upstream.accept();
    peer.head();
    peer.send(json_answer(R"({"error":{"message":"too large"}})", 413));
    REQUIRE(call->is_finished());
    CHECK(call->head()->http_status == 413);
    CHECK(peer.is_left());
    CHECK(side.breaches() == "");
}

TEST_CASE("a body of known length streams through", "[openai][upload]") {
    GatewaySide side;
    auto call = side.start(FakeRequest()
                               .set_path("/v1/files")
                               .set_header("Content-Type", "multipart/form-data; boundary=x")
                               .set_streamed_body(10));
    Peer peer = side.upstream.accept();
    CHECK(peer.head().find("Content-Length: 10\r\n") != std::string::npos);
    CHECK(call->is_body_wanted());
    call->send_body("01234");
    side.host.loop().run_ready();
    call->send_body("56789", true);
    CHECK(peer.request().ends_with("\r\n\r\n0123456789"));
    peer.send(json_answer(R"({"id":"file-1"})"));
    REQUIRE(call->is_finished());
    CHECK(call->body() == R"({"id":"file-1"})");
    // The connection is whole and used again.
    auto next = side.start(chat());
    peer.request();
    next->cancel();
    next->run_to_end();
    CHECK(side.breaches() == "");
}

TEST_CASE("a body of unknown length streams through in chunks", "[openai][upload]") {
    GatewaySide side;
    auto call = side.start(FakeRequest().set_path("/v1/files").set_streamed_body());
    Peer peer = side.upstream.accept();
    CHECK(peer.head().find("Transfer-Encoding: chunked\r\n") != std::string::npos);
    call->send_body("hello");
    call->send_body(" world, once more");
    call->send_body("", true);
    CHECK(
        peer.wait_until_ends_with("0\r\n\r\n").ends_with("\r\n\r\n5\r\nhello\r\n11\r\n world, once more\r\n0\r\n\r\n"));
    peer.send(json_answer("{}"));
    CHECK(call->is_finished());
    CHECK(side.breaches() == "");
}

TEST_CASE("an upstream that does not read stops the reading from the client", "[openai][upload]") {
    GatewaySide side;
    auto call = side.start(FakeRequest().set_path("/v1/files").set_streamed_body());
    Peer peer = side.upstream.accept();
    peer.head();
    const std::string piece(1u << 20, 'x');
    std::size_t sent = 0;
    for (; sent < 100 && call->is_body_wanted(); ++sent) {
        call->send_body(piece);
        side.host.loop().run_ready();
    }
    CHECK(sent < 100);
    for (std::size_t i = 0; i < 3; ++i) call->send_body(piece);
    call->send_body("", true);
    const std::string all = peer.wait_until_ends_with("0\r\n\r\n");
    CHECK(all.size() > (sent + 3) * piece.size());
    peer.send(json_answer("{}"));
    CHECK(call->is_finished());
    CHECK(side.breaches() == "");
}

TEST_CASE("a client that breaks off its body closes the connection upstream", "[openai][upload]") {
    GatewaySide side;
    auto call = side.start(FakeRequest().set_path("/v1/files").set_streamed_body(10));
    Peer peer = side.upstream.accept();
    peer.head();
    call->send_body("0123");
    call->break_body();
    side.host.loop().run_ready();
    REQUIRE(call->is_ended());
    CHECK(peer.is_left());
    CHECK(side.breaches() == "");
}

TEST_CASE("the upstream's models are listed with the server's key", "[openai][models]") {
    GatewaySide side;
    std::string request;
    side.host.loop().post([&] {
        Peer peer = side.upstream.accept();
        request = peer.request();
        peer.send(json_answer(
            R"({"object":"list","data":[{"id":"gpt-4o","owned_by":"openai","created":1700000000},{"id":"o3"},{"no":1}]})"));
    });
    const auto list = side.backend->models();
    CHECK(list->ids() == std::vector<std::string>{"gpt-4o", "o3"});
    CHECK_FALSE(list->error());
    CHECK(request.starts_with("GET /v1/models HTTP/1.1\r\n"));
    CHECK(request.find("Authorization: Bearer sk-server-key-0123456789\r\n") != std::string::npos);
    CHECK(side.breaches() == "");
}

TEST_CASE("a list of models that cannot be had is an error", "[openai][models]") {
    GatewaySide side;
    const std::string answer = GENERATE(json_answer("{}", 500), json_answer("{}"), json_answer("no"));
    side.host.loop().post([&] {
        Peer peer = side.upstream.accept();
        peer.request();
        peer.send(answer);
    });
    CHECK(side.backend->models()->error());
    CHECK(side.breaches() == "");
}

TEST_CASE("a configuration that cannot work is refused with its reason", "[openai][config]") {
    sluice::testing::FakeHost host;
    const auto reason = [&](const char* config) -> std::string {
        try {
            LoadedBackend backend(host, sluice_plugin_query(1, 0), config);
        } catch (const std::runtime_error& error) {
            return error.what();
        }
        return "accepted";
    };
    CHECK(reason(R"({"base_url":"ftp://x/v1"})") == "base_url: it does not begin with http:// or https://");
    CHECK(reason(R"({"base_url":"https://x/v1","ca_file":"/nonexistent.pem"})").find("/nonexistent.pem") !=
          std::string::npos);
    CHECK(reason(R"({"base_url":"http://x/v1","headers":{"Host":"y"}})").find("headers.Host") == 0);
    CHECK(host.breaches().text() == "");
}
