// Whole requests through a server in this process: connections, framing and what a backend sees and gives.
#include "test_server.hpp"

#include <thread>

using namespace sluice;
using namespace sluice::test;

namespace {

void answer_plainly(const Call& call, std::string_view text) {
    call.begin(text.size());
    call.write(text);
    call.finish();
}

void answer_in_events(const Call& call) {
    call.begin_events();
    call.event("{\"n\":1}");
    call.event("{\"n\":2}");
    call.finish();
}

/// Most tests: a backend with the usual scripts.
struct Stage {
    Stage() {
        backend.on("plain", [](Call call) { answer_plainly(call, "hello"); });
        backend.on("events", answer_in_events);
        backend.on("unsized", [](Call call) {
            call.begin(SLUICE_LENGTH_UNKNOWN);
            call.write("one ");
            call.write("two");
            call.finish();
        });
        backend.on("/v1/files", [](Call call) { answer_plainly(call, "file"); });
    }
    Journal journal;
    ScriptedBackend backend;
    config::Config config = puppet_config(backend);
};

}  // namespace

TEST_CASE("an answer carries what every response carries and keeps the connection", "[net][server]") {
    Stage stage;
    TestServer server(stage.config);
    Client client(server.port());
    client.send(chat_request("plain", false, "X-Request-ID: mine-1\r\n"));
    Response response = client.read_response();
    CHECK(response.status == 200);
    CHECK(response.body == "hello");
    CHECK(response.header("x-request-id") == "mine-1");
    CHECK(response.header("x-backend-mode") == "puppet");
    CHECK(response.header("x-content-type-options") == "nosniff");
    CHECK(response.header("cache-control") == "no-store");
    CHECK(response.header("content-type") == "text/plain");
    CHECK(response.header("x-puppet") == "strings");
    CHECK(response.header("content-length") == "5");
    CHECK(response.headers.count("connection") == 0);
    client.send(chat_request("plain"));
    CHECK(client.read_response().body == "hello");
}

TEST_CASE("a client's request id that is no printable ASCII is replaced by a UUID", "[net][server]") {
    Stage stage;
    TestServer server(stage.config);
    Client client(server.port());
    client.send(chat_request("plain", false, "X-Request-ID: has blank\r\n"));
    std::string id = client.read_response().header("x-request-id");
    CHECK(id.size() == 36);
    CHECK(id[14] == '4');
}

TEST_CASE("an event stream is chunked, one event each, and ends with exactly one [DONE]", "[net][server]") {
    Stage stage;
    TestServer server(stage.config);
    Client client(server.port());
    client.send(chat_request("events", true));
    Response response = client.read_response();
    CHECK(response.status == 200);
    CHECK(response.header("content-type") == "text/event-stream");
    CHECK(response.header("cache-control") == "no-cache, no-store");
    CHECK(response.header("x-accel-buffering") == "no");
    CHECK(response.header("transfer-encoding") == "chunked");
    CHECK(response.body == "data: {\"n\":1}\n\ndata: {\"n\":2}\n\ndata: [DONE]\n\n");
    client.send(chat_request("plain"));
    CHECK(client.read_response().body == "hello");
}

TEST_CASE("a stream of another endpoint keeps its event names and has no [DONE]", "[net][server]") {
    Stage stage;
    stage.backend.on("named", [](Call call) {
        call.begin_events();
        call.event("{\"a\":1}", "response.created");
        call.finish();
    });
    TestServer server(stage.config);
    Client client(server.port());
    std::string request = chat_request("named", true);
    request.replace(request.find("/v1/chat/completions"), 20, "/v1/responses");
    client.send(request);
    CHECK(client.read_response().body == "event: response.created\ndata: {\"a\":1}\n\n");
}

TEST_CASE("a body of unknown length is chunked", "[net][server]") {
    Stage stage;
    TestServer server(stage.config);
    Client client(server.port());
    client.send(chat_request("unsized"));
    Response response = client.read_response();
    CHECK(response.header("transfer-encoding") == "chunked");
    CHECK(response.headers.count("content-length") == 0);
    CHECK(response.body == "one two");
}

TEST_CASE("a request cut at every byte is answered all the same", "[net][server]") {
    Stage stage;
    TestServer server(stage.config);
    Client client(server.port());
    for (char byte : chat_request("plain")) {
        client.send(std::string_view(&byte, 1));
        server.settle();
    }
    CHECK(client.read_response().body == "hello");
}

TEST_CASE("pipelined requests are answered in their order", "[net][server]") {
    Stage stage;
    std::vector<Call> waiting;
    stage.backend.on("held", [&](Call call) {
        waiting.push_back(call);
        stage.journal.note("held");
    });
    TestServer server(stage.config);
    Client client(server.port());
    client.send(chat_request("held") + chat_request("events", true) + chat_request("plain") +
                "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
    REQUIRE(stage.journal.waits_for("held"));
    server.settle();
    CHECK_FALSE(client.has_bytes());
    server.loop().post([&] { answer_plainly(waiting.at(0), "first"); });
    CHECK(client.read_response().body == "first");
    CHECK(client.read_response().header("content-type") == "text/event-stream");
    CHECK(client.read_response().body == "hello");
    CHECK(client.read_response().status == 404);
}

TEST_CASE("a hundred pipelined requests get a hundred answers", "[net][server]") {
    Stage stage;
    TestServer server(stage.config);
    Client client(server.port());
    std::string requests;
    for (int i = 0; i < 100; ++i) requests += "\r\n" + chat_request("plain");
    client.send(requests);
    for (int i = 0; i < 100; ++i) REQUIRE(client.read_response().body == "hello");
}

TEST_CASE("Connection: close is answered and followed by the end", "[net][server]") {
    Stage stage;
    TestServer server(stage.config);
    Client client(server.port());
    client.send(chat_request("plain", false, "Connection: close\r\n"));
    Response response = client.read_response();
    CHECK(response.body == "hello");
    CHECK(response.header("connection") == "close");
    CHECK(client.is_at_end());
}

TEST_CASE("HTTP/1.0 gets no chunks and the connection ends", "[net][server]") {
    Stage stage;
    TestServer server(stage.config);
    auto request = [](const std::string& model, const std::string& headers) {
        std::string text = chat_request(model, model == "events", headers);
        return text.replace(text.find("HTTP/1.1"), 8, "HTTP/1.0");
    };
    SECTION("unknown length") {
        Client client(server.port());
        client.send(request("events", ""));
        Response response = client.read_response();
        CHECK(response.headers.count("transfer-encoding") == 0);
        CHECK(response.header("connection") == "close");
        CHECK(response.body == "data: {\"n\":1}\n\ndata: {\"n\":2}\n\ndata: [DONE]\n\n");
    }
    SECTION("known length") {
        Client client(server.port());
        client.send(request("plain", ""));
        CHECK(client.read_response().body == "hello");
        CHECK(client.is_at_end());
    }
    SECTION("known length and keep-alive") {
        Client client(server.port());
        client.send(request("plain", "Connection: keep-alive\r\n"));
        CHECK(client.read_response().header("connection") == "keep-alive");
        client.send(request("plain", ""));
        CHECK(client.read_response().body == "hello");
    }
}

TEST_CASE("HEAD is answered with the head that GET would get", "[net][server]") {
    Stage stage;
    TestServer server(stage.config);
    Client client(server.port());
    client.send("GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n");
    Response whole = client.read_response();
    client.send("HEAD /v1/models HTTP/1.1\r\nHost: a\r\n\r\nHEAD /v1/files HTTP/1.1\r\nHost: a\r\n\r\n");
    Response head = client.read_response(false);
    CHECK(head.status == 200);
    CHECK(head.header("content-length") == std::to_string(whole.body.size()));
    Response file = client.read_response(false);
    CHECK(file.header("content-length") == "4");
    client.send(chat_request("plain"));
    CHECK(client.read_response().body == "hello");
}

TEST_CASE("204 and 304 have neither body nor length", "[net][server]") {
    Stage stage;
    for (int status : {204, 304}) {
        stage.backend.on("status" + std::to_string(status), [status](Call call) {
            call.begin(0, "", status);
            call.finish();
        });
    }
    TestServer server(stage.config);
    Client client(server.port());
    for (int status : {204, 304}) {
        client.send(chat_request("status" + std::to_string(status)) + chat_request("plain"));
        Response response = client.read_response();
        CHECK(response.status == status);
        CHECK(response.headers.count("content-length") == 0);
        CHECK(client.read_response().body == "hello");
    }
}

TEST_CASE("Expect: 100-continue is answered before the body is sent, and not where the head is refused",
          "[net][server]") {
    Stage stage;
    TestServer server(stage.config);
    Client client(server.port());
    std::string request = chat_request("plain", false, "Expect: 100-continue\r\n");
    std::size_t head = request.find("\r\n\r\n") + 4;
    client.send(request.substr(0, head));
    CHECK(client.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
    client.send(request.substr(head));
    CHECK(client.read_response().body == "hello");

    client.send(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        "Expect: 100-continue\r\nContent-Length: 2000000\r\n\r\n");
    CHECK(client.read_response().status == 413);
    CHECK(client.is_at_end());
}

TEST_CASE("a body over the limit is refused before it is read and the connection ends", "[net][server]") {
    Stage stage;
    stage.config.server.limits.json_body_bytes = 100;
    stage.config.server.limits.stream_body_bytes = 100;
    TestServer server(stage.config);
    Client client(server.port());
    auto request = GENERATE(as<std::string>(),
                            "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                            "Content-Length: 101\r\n\r\n",
                            "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                            "Transfer-Encoding: chunked\r\n\r\n65\r\n" +
                                std::string(101, ' ') + "\r\n",
                            "POST /v1/files HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n");
    client.send(request);
    Response response = client.read_response();
    CHECK(response.status == 413);
    CHECK(response.body.find("payload_too_large") != std::string::npos);
    CHECK(response.header("connection") == "close");
    CHECK(client.is_at_end());
}

TEST_CASE("an answer given before the body was read arrives, and then the connection ends", "[net][server]") {
    Stage stage;
    TestServer server(stage.config);
    Client client(server.port());
    client.send("POST /v1/files HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nsome");
    Response response = client.read_response();
    CHECK(response.status == 200);
    CHECK(response.body == "file");
    CHECK(response.header("connection") == "close");
    client.send(std::string(500000, 'x'));  // a client that has not looked yet is not reset
    CHECK(client.is_at_end());
    CHECK_FALSE(client.was_reset());
}

TEST_CASE("a backend reads a streamed body piece by piece", "[net][server]") {
    Stage stage;
    std::string seen;
    std::function<void(Call)> fetch = [&](Call call) {
        call.read_body([&, call](sluice_status status, std::string bytes, bool is_last) {
            stage.journal.note(status == SLUICE_OK ? "piece" : "cut");
            seen += bytes;
            if (!is_last) return fetch(call);
            answer_plainly(call, std::to_string(seen.size()));
        });
    };
    std::uint64_t announced = 0;
    stage.backend.on("/v1/files", [&](Call call) {
        announced = call.request->body_length;
        fetch(call);
    });
    TestServer server(stage.config);
    Client client(server.port());
    SECTION("with a length") {
        client.send("POST /v1/files HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\nabc");
        REQUIRE(stage.journal.waits_for("piece"));
        client.send(std::string(299997, 'x'));
        CHECK(client.read_response().body == "300000");
        CHECK(announced == 300000);
    }
    SECTION("in chunks") {
        client.send("POST /v1/files HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        REQUIRE(stage.journal.waits_for("piece"));
        client.send("5;ext=1\r\ndefgh\r\n0\r\nTrailer: x\r\n\r\n" + chat_request("plain"));
        CHECK(client.read_response().body == "8");
        CHECK(announced == SLUICE_LENGTH_UNKNOWN);
        CHECK(client.read_response().body == "hello");
    }
    SECTION("that is malformed") {
        client.send("POST /v1/files HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n");
        Response response = client.read_response();
        CHECK(response.status == 400);
        CHECK(client.is_at_end());
    }
}

TEST_CASE("a body nobody reads stops being taken from the client", "[net][server]") {
    Stage stage;
    std::vector<Call> waiting;
    stage.backend.on("/v1/files", [&](Call call) {
        waiting.push_back(call);
        stage.journal.note("held");
    });
    TestServer server(stage.config);
    Client client(server.port());
    client.send("POST /v1/files HTTP/1.1\r\nHost: a\r\nContent-Length: 50000000\r\n\r\n");
    REQUIRE(stage.journal.waits_for("held"));
    // What the kernel and one read of the loop hold is far below this.
    std::jthread sender([&] {
        try {
            for (int i = 0; i < 50; ++i) client.send(std::string(1000000, 'x'));
            stage.journal.note("all sent");
        } catch (const std::exception&) {
            stage.journal.note("stopped");
        }
    });
    auto received = [&] {
        std::string page = server.metrics();
        std::size_t line = page.find("\nsluice_received_bytes_total");
        return line == std::string::npos ? std::string("no such metric")
                                         : page.substr(line, page.find('\n', line + 1) - line);
    };
    std::string before, now = received();
    for (int quiet = 0; quiet < 20; quiet = before == now ? quiet + 1 : 0) {
        server.settle();
        before = now;
        now = received();
    }
    CHECK(stage.journal.count("all sent") == 0);
    server.loop().post([&] { answer_plainly(waiting.at(0), "enough"); });
    CHECK(client.read_response().body == "enough");
    client.finish_sending();
}

TEST_CASE("what is wrong with a request is answered in the error schema", "[net][server]") {
    Stage stage;
    TestServer server(stage.config);
    Client client(server.port());
    auto error_of = [&](const std::string& request) {
        client.send(request);
        Response response = client.read_response();
        CHECK(response.header("content-type") == "application/json");
        std::size_t code = response.body.find("\"code\":\"") + 8;
        return std::to_string(response.status) + " " + response.body.substr(code, response.body.find('"', code) - code);
    };
    auto post = [](const std::string& type, const std::string& body) {
        return "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Type: " + type +
               "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    };
    CHECK(error_of("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n") == "404 not_found");
    CHECK(error_of("GET /v1/chat/completions HTTP/1.1\r\nHost: a\r\n\r\n") == "405 method_not_allowed");
    CHECK(error_of(post("application/json", "{")) == "400 invalid_json");
    CHECK(error_of(post("application/json", "[]")) == "400 invalid_request");
    CHECK(error_of(post("application/json", "")) == "400 invalid_json");
    CHECK(error_of("GET /v1/models/unknown HTTP/1.1\r\nHost: a\r\n\r\n") == "404 model_not_found");
    CHECK(error_of(post("application/json", "{\"model\":\"nobody\"}")) == "500 internal_error");
    CHECK(error_of("GET / HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\n\r\n") == "417 expectation_failed");
}

TEST_CASE("a content type other than JSON is 415", "[net][server]") {
    Stage stage;
    TestServer server(stage.config);
    Client client(server.port());
    client.send(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}");
    CHECK(client.read_response().status == 415);
}

TEST_CASE("405 names the allowed methods", "[net][server]") {
    Stage stage;
    TestServer server(stage.config);
    Client client(server.port());
    client.send("DELETE /v1/chat/completions HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(client.read_response().header("allow") == "POST");
}

TEST_CASE("bad HTTP is answered and the connection ends", "[net][server]") {
    Stage stage;
    TestServer server(stage.config);
    auto [request, status] = GENERATE(table<std::string, int>({
        {"GET / HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n folded\r\n\r\n", 400},
        {"POST /v1/files HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {"GET /../x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET /" + std::string(17000, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
        {"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(70000, 'x') + "\r\n\r\n", 431},
        {"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(70000, 'x'), 431},
        {"GET /" + std::string(20000, 'x'), 414},
    }));
    Client client(server.port());
    client.send(request);
    Response response = client.read_response();
    CHECK(response.status == status);
    CHECK(response.header("connection") == "close");
    CHECK(client.is_at_end());
}

TEST_CASE("more connections than may be held are turned away with 503", "[net][server]") {
    Stage stage;
    stage.config.server.max_connections = 1;
    TestServer server(stage.config);
    Client first(server.port());
    first.send(chat_request("plain"));
    CHECK(first.read_response().body == "hello");
    Client second(server.port());
    Response response = second.read_response();
    CHECK(response.status == 503);
    CHECK(response.body.find("too_many_connections") != std::string::npos);
}

TEST_CASE("the cold routes answer beside the data path", "[net][server]") {
    Stage stage;
    stage.config.metrics.is_public = true;
    TestServer server(stage.config);
    Client client(server.port());
    client.send(
        "GET /health?x=1 HTTP/1.1\r\nHost: a\r\n\r\nGET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n"
        "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    Response health = client.read_response();
    CHECK(health.status == 200);
    CHECK(health.body == "{\"status\":\"ready\",\"version\":\"1.2.3\",\"checks\":{\"puppet\":\"ok\"}}");
    CHECK(client.read_response().body == "{\"object\":\"list\",\"data\":[]}");
    CHECK(client.read_response().body.find("sluice_build_info") != std::string::npos);
}
