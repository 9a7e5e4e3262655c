// Slow clients, deadlines and heartbeats.
#include "test_server.hpp"

#include <atomic>

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;

namespace {

struct Stage {
    Stage() {
        add_middleware(config, middleware);
        for (const char* name : {"silent", "/v1/files"}) {
            backend.on(name, [this](Call call) { hold(call); });
        }
        backend.on("streaming", [this](Call call) {
            call.begin_events();
            call.event("{\"n\":1}");
            hold(call);
        });
    }
    /// Ends the call as soon as it is cancelled.
    void hold(Call call) {
        call.on_cancel([this, call] {
            journal.note("cancel");
            call.fail("cancelled");
        });
        journal.note("started");
    }
    Journal journal;
    ScriptedBackend backend;
    ScriptedMiddleware middleware{journal};
    const sluice_loop* first_loop = nullptr;
    config::Config config = puppet_config(backend);
};

/// Writes events until it is told to wait, goes on when it may, and ends after `total_bytes`.
class Flood {
public:
    Flood(Journal& journal, Call call, std::size_t total_bytes) : journal_(journal), call_(call), left_(total_bytes) {}
    void run() {
        const std::string event = "{\"fill\":\"" + std::string(10000, 'x') + "\"}";
        while (left_ > 0) {
            sluice_status status = call_.event(event);
            left_ -= std::min(left_, event.size());
            if (status == SLUICE_FULL) {
                journal_.note("full");
                return call_.on_writable([this] {
                    journal_.note("writable");
                    run();
                });
            }
            if (status != SLUICE_OK) return call_.fail("cancelled");
        }
        call_.finish();
    }

private:
    Journal& journal_;
    Call call_;
    std::size_t left_;
};

}  // namespace

TEST_CASE("a slow reader makes its backend wait, and gets every byte", "[net][server][flow]") {
    Stage stage;
    std::unique_ptr<Flood> flood;
    stage.backend.on("flood", [&](Call call) {
        call.begin_events();
        flood = std::make_unique<Flood>(stage.journal, call, 20'000'000);
        flood->run();
    });
    TestServer server(stage.config);
    Client client(server.port(), 4096);
    client.send(chat_request("flood", true));
    REQUIRE(stage.journal.waits_for("full"));
    server.settle();
    CHECK(stage.journal.count("complete status=200 by=0 error=") == 0);
    Response response = client.read_response();
    CHECK(response.body.size() > 20'000'000);
    CHECK(response.body.ends_with("\"}\n\ndata: [DONE]\n\n"));
    CHECK(stage.journal.waits_for("complete status=200 by=0 error="));
    CHECK(stage.journal.count("full") == stage.journal.count("writable"));
}

TEST_CASE("a backend that does not wait for a slow reader is stopped", "[net][server][flow]") {
    Stage stage;
    stage.config.server.limits.event_bytes = 100000;
    std::atomic<std::size_t> written = 0;
    stage.backend.on("reckless", [&](Call call) {
        call.begin_events();
        sluice_status status = SLUICE_OK;
        while (status >= 0 && status != SLUICE_CANCELLED) {
            status = call.event("{\"fill\":\"" + std::string(10000, 'x') + "\"}");
            written += 10000;
            if (written > 500'000'000) break;
        }
        stage.journal.note("stopped with " + std::to_string(status));
        call.fail("cancelled");
    });
    TestServer server(stage.config);
    Client client(server.port(), 4096);
    client.send(chat_request("reckless", true));
    REQUIRE(stage.journal.waits_for("stopped with 1"));
    client.read_until("stream_error");
    client.read_until("data: [DONE]\n\n");
    CHECK(written < 50'000'000);
}

TEST_CASE("a slow reader that leaves cancels the call that waits for it", "[net][server][flow]") {
    Stage stage;
    std::unique_ptr<Flood> flood;
    stage.backend.on("flood", [&](Call call) {
        call.begin_events();
        call.on_cancel([&, call] {
            stage.journal.note("cancel");
            call.fail("cancelled");
        });
        flood = std::make_unique<Flood>(stage.journal, call, 50'000'000);
        flood->run();
    });
    TestServer server(stage.config);
    Client client(server.port(), 4096);
    client.send(chat_request("flood", true));
    REQUIRE(stage.journal.waits_for("full"));
    client.reset();
    REQUIRE(stage.journal.waits_for("cancel"));
    CHECK(stage.journal.waits_for("complete status=200 by=1 error=cancelled"));
}

// Guards against a call that waits for ever: the queue of the client that has left never runs empty.
TEST_CASE("a slow reader that leaves lets the worker of a blocking backend go", "[net][server][flow]") {
    Stage stage;
    stage.backend.on("flood", [&](Call call) {
        call.begin_events();
        sluice_status status = SLUICE_OK;
        for (int i = 0; i < 5000 && status == SLUICE_OK; ++i) {
            if (i == 500) stage.journal.note("flooding");
            status = call.event("{\"fill\":\"" + std::string(10000, 'x') + "\"}");
        }
        stage.journal.note("ended with " + std::to_string(status));
        call.fail("cancelled");
    });
    stage.config.backends.at(0).plugin = plugin_file("puppet_blocking.so");
    TestServer server(stage.config);
    Client client(server.port(), 4096);
    client.send(chat_request("flood", true));
    client.read_until("data: ");
    for (std::string before = "-", now; before != now; before = std::exchange(now, server.metrics())) server.settle();
    client.reset();
    CHECK(stage.journal.waits_for("ended with 1"));
    CHECK(stage.journal.waits_for("complete status=200 by=1 error=cancelled"));
}

TEST_CASE("a blocking backend's answers arrive whole, fast or slow reader", "[net][server][flow]") {
    Stage stage;
    stage.backend.on("flood", [&](Call call) {
        call.begin_events();
        for (int i = 0; i < 500; ++i) call.event("{\"fill\":\"" + std::string(10000, 'x') + "\"}");
        call.finish();
    });
    stage.config.backends.at(0).plugin = plugin_file("puppet_blocking.so");
    TestServer server(stage.config);
    Client client(server.port(), 4096);
    client.send(chat_request("flood", true));
    Response response = client.read_response();
    CHECK(response.body.size() > 5'000'000);
    CHECK(response.body.ends_with("\"}\n\ndata: [DONE]\n\n"));
}

TEST_CASE("a client that takes nothing is cut off after the idle time", "[net][server][flow]") {
    Stage stage;
    stage.config.server.timeouts.idle = 50ms;
    std::unique_ptr<Flood> flood;
    stage.backend.on("flood", [&](Call call) {
        call.begin_events();
        call.on_cancel([call] { call.fail("cancelled"); });
        flood = std::make_unique<Flood>(stage.journal, call, 50'000'000);
        flood->run();
    });
    TestServer server(stage.config);
    Client client(server.port(), 4096);
    client.send(chat_request("flood", true));
    CHECK(stage.journal.waits_for("complete status=200 by=3 error=client_stalled"));
    CAPTURE(stage.journal.entries());
    CHECK(stage.journal.count("complete status=200 by=3 error=client_stalled") == 1);
}

TEST_CASE("a backend that does not answer in time is 504", "[net][server][flow]") {
    Stage stage;
    stage.config.server.timeouts.request = 30ms;
    bool is_streaming = GENERATE(true, false);
    TestServer server(stage.config);
    Client client(server.port());
    client.send(chat_request("silent", is_streaming));
    Response response = client.read_response();
    CHECK(response.status == 504);
    CHECK(response.body.find("\"code\":\"timeout\"") != std::string::npos);
    CHECK(stage.journal.waits_for("complete status=504 by=3 error=timeout"));
    CHECK(stage.journal.count("cancel") == 1);
    client.send(chat_request("silent", is_streaming));
    CHECK(client.read_response().status == 504);
}

TEST_CASE("a stream whose next event is overdue ends with an error and [DONE]", "[net][server][flow]") {
    Stage stage;
    stage.config.routes.at(0).timeouts.event_gap = 30ms;
    TestServer server(stage.config);
    Client client(server.port());
    client.send(chat_request("streaming", true));
    Response response = client.read_response();
    CHECK(response.status == 200);
    CHECK(response.body.find("data: {\"n\":1}\n\n") == 0);
    CHECK(response.body.find("\"code\":\"stream_error\"") != std::string::npos);
    CHECK(response.body.ends_with("data: [DONE]\n\n"));
    CHECK(stage.journal.waits_for("complete status=200 by=3 error=timeout"));
    CHECK(stage.journal.count("cancel") == 1);
}

TEST_CASE("a route's time to the first event counts for streams only", "[net][server][flow]") {
    Stage stage;
    stage.config.routes.at(0).timeouts.first_event = 30ms;
    TestServer server(stage.config);
    Client client(server.port());
    client.send(chat_request("silent", true));
    CHECK(client.read_response().status == 504);
}

TEST_CASE("a silent stream gets heartbeats", "[net][server][flow]") {
    Stage stage;
    stage.config.server.timeouts.heartbeat = 10ms;
    stage.config.server.timeouts.half_close = 0ms;
    TestServer server(stage.config);
    Client client(server.port());
    client.send(chat_request("streaming", true));
    client.read_until("data: {\"n\":1}\n\n");
    for (int i = 0; i < 3; ++i) CHECK(client.read_until(": ping\n\n\r\n").find("data") == std::string::npos);
    client.leave();
    CHECK(stage.journal.waits_for("cancel"));
}

TEST_CASE("a request head that does not come in time is 408", "[net][server][flow]") {
    Stage stage;
    stage.config.server.timeouts.head = 30ms;
    TestServer server(stage.config);
    Client client(server.port());
    client.send("POST /v1/chat");
    CHECK(client.read_response().status == 408);
    CHECK(client.is_at_end());
}

TEST_CASE("an idle connection is closed", "[net][server][flow]") {
    Stage stage;
    stage.config.server.timeouts.idle = 30ms;
    TestServer server(stage.config);
    Client client(server.port());
    CHECK(client.is_at_end());
}

TEST_CASE("a body that does not come in time is 408", "[net][server][flow]") {
    Stage stage;
    stage.config.server.timeouts.body_gap = 30ms;
    TestServer server(stage.config);
    Client client(server.port());
    bool is_streamed = GENERATE(true, false);
    client.send("POST " + std::string(is_streamed ? "/v1/files" : "/v1/chat/completions") + " HTTP/1.1\r\nHost: a\r\n" +
                (is_streamed ? "" : "Content-Type: application/json\r\n") + "Content-Length: 100\r\n\r\n{");
    if (is_streamed) {
        REQUIRE(stage.journal.waits_for("started"));
        return client.leave();
    }
    CHECK(client.read_response().status == 408);
}

TEST_CASE("an overloaded loop gives its connection away between two requests, and nothing is lost",
          "[net][server][flow]") {
    Stage stage;
    stage.backend.on("busy", [&](Call call) {
        // A computation that holds up its loop.
        for (auto end = std::chrono::steady_clock::now() + 25ms; std::chrono::steady_clock::now() < end;) continue;
        stage.journal.note(call.api->loop(call.call) == stage.first_loop ? "first loop" : "second loop");
        call.begin(2);
        call.write("ok");
        call.finish();
    });
    TestServer server(stage.config, 2);
    stage.first_loop = net::as_plugin_loop(server.loop());
    Client client(server.port());
    // Four windows would do; where others want the processor, too, a loop has less of it than makes it overloaded.
    for (int i = 0; i < 16 || (i < 1000 && stage.journal.count("second loop") == 0); ++i) {
        client.send(chat_request("busy"));
        CHECK(client.read_response().body == "ok");
    }
    CHECK(stage.journal.count("first loop") > 0);
    CHECK(stage.journal.count("second loop") > 0);
    CHECK(server.metrics().find("sluice_connections_total 1\n") != std::string::npos);
    CHECK(server.metrics().find("sluice_connections_active 1\n") != std::string::npos);
}
