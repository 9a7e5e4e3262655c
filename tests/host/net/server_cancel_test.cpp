// Clients that leave, backends that fail or hold on, and the one last word of each: cancel, terminal call, on_complete.
#include "test_server.hpp"

#include <thread>

using namespace sluice;
using namespace sluice::test;

namespace {

/// A backend whose calls note "cancel" and hold on until the test lets them go; and a middleware that notes what became
/// of each exchange.
struct Stage {
    Stage() {
        add_middleware(config, middleware);
        backend.on("plain", [](Call call) {
            call.begin(5);
            call.write("hello");
            call.finish();
        });
        hold("silent", [](Call) {});
        hold("begun", [](Call call) { call.begin_events(); });
        hold("streaming", [](Call call) {
            call.begin_events();
            call.event("{\"n\":1}");
        });
        hold("sized", [](Call call) {
            call.begin(100);
            call.write("0123456789");
        });
        hold("/v1/files", [this](Call call) {
            call.read_body([this](sluice_status status, std::string, bool) {
                journal.note(status == SLUICE_OK ? "piece" : "body cancelled");
            });
        });
    }
    /// The script of `model`: does `begin`, notes "started", and holds on.
    void hold(const std::string& model, std::function<void(Call)> begin) {
        backend.on(model, [this, begin](Call call) {
            held.push_back(call);
            call.on_cancel([this] { journal.note("cancel"); });
            begin(call);
            journal.note("started");
        });
    }
    /// Makes the terminal call of the held call on its loop.
    void let_go(TestServer& server) {
        server.loop().post([this] {
            Call call = held.back();
            held.pop_back();
            journal.note(call.api->is_cancelled(call.call) ? "was cancelled" : "was not cancelled");
            call.fail("cancelled");
        });
    }
    bool is_completed_once(const std::string& what) {
        if (!journal.waits_for(what)) return false;
        std::size_t completions = 0;
        for (const std::string& entry : journal.entries()) completions += entry.starts_with("complete");
        return completions == 1;
    }
    Journal journal;
    ScriptedBackend backend;
    ScriptedMiddleware middleware{journal};
    std::vector<Call> held;
    config::Config config = puppet_config(backend);
};

}  // namespace

TEST_CASE("a client that leaves cancels its call once, in every phase", "[net][server][cancel]") {
    Stage stage;
    stage.config.server.timeouts.half_close = std::chrono::milliseconds(0);
    TestServer server(stage.config);
    auto model = GENERATE(as<std::string>(), "silent", "begun", "streaming", "sized");
    bool is_reset = GENERATE(true, false);
    Client client(server.port());
    client.send(chat_request(model, true));
    REQUIRE(stage.journal.waits_for("started"));
    if (model == "streaming") client.read_until("data: {\"n\":1}\n\n");
    server.settle();
    if (is_reset) {
        client.reset();
    } else {
        client.leave();
    }
    REQUIRE(stage.journal.waits_for("cancel"));
    server.settle();
    CHECK(stage.journal.count("complete status=0 by=1 error=cancelled") == 0);  // the backend has not had its last word
    stage.let_go(server);
    bool is_begun = model == "streaming" || model == "sized";
    CHECK(stage.is_completed_once("complete status=" + std::string(is_begun ? "200" : "0") + " by=1 error=cancelled"));
    CHECK(stage.journal.count("cancel") == 1);
    CHECK(stage.journal.count("was cancelled") == 1);
}

TEST_CASE("a backend that ends its call inside the cancel callback is over at once", "[net][server][cancel]") {
    Stage stage;
    stage.config.server.timeouts.half_close = std::chrono::milliseconds(0);
    bool finishes = GENERATE(true, false);
    stage.backend.on("obedient", [&](Call call) {
        call.begin_events();
        call.event("{}");
        call.on_cancel([&, call] {
            stage.journal.note("cancel");
            finishes ? call.finish() : call.fail("cancelled");
        });
    });
    TestServer server(stage.config);
    Client client(server.port());
    client.send(chat_request("obedient", true));
    client.read_until("data: {}\n\n");
    client.leave();
    CHECK(stage.is_completed_once("complete status=200 by=1 error=cancelled"));
    CHECK(stage.journal.count("cancel") == 1);
}

TEST_CASE("everything a cancelled call does is answered with CANCELLED", "[net][server][cancel]") {
    Stage stage;
    stage.config.server.timeouts.half_close = std::chrono::milliseconds(0);
    stage.backend.on("stubborn", [&](Call call) {
        call.begin_events();
        call.event("{}");
        call.on_cancel([&, call] {
            bool is_told = call.event("{}") == SLUICE_CANCELLED && call.write("x") == SLUICE_CANCELLED &&
                           call.begin(1) == SLUICE_CANCELLED;
            call.read_body([&, is_told](sluice_status status, std::string, bool) {
                stage.journal.note(is_told && status == SLUICE_CANCELLED ? "told" : "not told");
            });
            call.finish();
        });
    });
    TestServer server(stage.config);
    Client client(server.port());
    client.send(chat_request("stubborn", true));
    client.read_until("data: {}\n\n");
    client.leave();
    REQUIRE(stage.journal.waits_for("complete status=200 by=1 error=cancelled"));
    CHECK(stage.journal.count("told") == 1);
}

TEST_CASE("a client that leaves in the middle of its body cancels nothing that never began", "[net][server][cancel]") {
    Stage stage;
    TestServer server(stage.config);
    Client client(server.port());
    client.send(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        "Content-Length: 100\r\n\r\n{");
    server.settle();
    client.leave();
    CHECK(stage.is_completed_once("complete status=0 by=1 error=cancelled"));
    CHECK(stage.journal.count("started") == 0);
}

TEST_CASE("a client that leaves in the middle of a streamed body cancels the call and its fetch",
          "[net][server][cancel]") {
    Stage stage;
    TestServer server(stage.config);
    Client client(server.port());
    client.send("POST /v1/files HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n");
    REQUIRE(stage.journal.waits_for("started"));
    client.leave();
    REQUIRE(stage.journal.waits_for("cancel"));
    CHECK(stage.journal.count("body cancelled") == 1);
    stage.let_go(server);
    CHECK(stage.is_completed_once("complete status=0 by=1 error=cancelled"));
}

TEST_CASE("a half-closed client gets its answer", "[net][server][cancel]") {
    Stage stage;
    stage.config.server.timeouts.half_close = std::chrono::seconds(60);
    TestServer server(stage.config);
    Client client(server.port());
    SECTION("at once") {
        client.send(chat_request("plain"));
        client.finish_sending();
        CHECK(client.read_response().body == "hello");
    }
    SECTION("late") {
        client.send(chat_request("streaming", true));
        client.finish_sending();
        client.read_until("data: {\"n\":1}\n\n");
        server.settle();
        server.loop().post([&] {
            stage.held.back().event("{\"n\":2}");
            stage.held.back().finish();
        });
        client.read_until("data: [DONE]\n\n");
    }
    SECTION("for every request it has pipelined") {
        client.send(chat_request("plain") + chat_request("plain"));
        client.finish_sending();
        CHECK(client.read_response().body == "hello");
        CHECK(client.read_response().body == "hello");
    }
    client.read_to_end();
    CHECK(stage.journal.count("cancel") == 0);
}

TEST_CASE("a client that leaves an idle or half-sent request is closed without an exchange", "[net][server][cancel]") {
    Stage stage;
    TestServer server(stage.config);
    for (const char* begin : {"", "GET / HTTP"}) {
        Client client(server.port());
        client.send(begin);
        client.finish_sending();
        CHECK(client.is_at_end());
    }
    CHECK(stage.journal.entries().empty());
}

TEST_CASE("a backend that fails before its first event becomes an ordinary error answer", "[net][server][cancel]") {
    Stage stage;
    bool has_begun = GENERATE(true, false);
    stage.backend.on("failing", [has_begun](Call call) {
        if (has_begun) call.begin_events();
        call.fail("backend_unavailable", "no backend");
    });
    stage.backend.on("limited", [has_begun](Call call) {
        if (has_begun) call.begin(10);
        const sluice_error error{sizeof error, 0, 0, 1500, text_of("capacity_exceeded"), {}, {}, text_of("full")};
        call.api->fail(call.call, &error, nullptr);
    });
    TestServer server(stage.config);
    Client client(server.port());
    client.send(chat_request("failing", true));
    Response response = client.read_response();
    CHECK(response.status == 503);
    CHECK(response.header("content-type") == "application/json");
    CHECK(response.header("x-backend-mode") == "puppet");
    CHECK(response.body ==
          "{\"error\":{\"message\":\"no "
          "backend\",\"type\":\"server_error\",\"param\":null,\"code\":\"backend_unavailable\"}}");
    CHECK(stage.is_completed_once("complete status=503 by=0 error=backend_unavailable"));
    client.send(chat_request("limited", true));
    Response limited = client.read_response();
    CHECK(limited.status == 429);
    CHECK(limited.header("retry-after") == "2");
    client.send(chat_request("plain"));
    CHECK(client.read_response().body == "hello");
}

TEST_CASE("a stream that fails after its first event ends with an error event and [DONE]", "[net][server][cancel]") {
    Stage stage;
    std::uint32_t flags = GENERATE(0u, std::uint32_t{SLUICE_ERROR_RELAYED});
    stage.backend.on("failing", [flags](Call call) {
        call.begin_events();
        call.event("{\"n\":1}");
        call.fail("upstream_error", "cut", flags);
    });
    TestServer server(stage.config);
    Client client(server.port());
    client.send(chat_request("failing", true));
    std::string error =
        "data: "
        "{\"error\":{\"message\":\"cut\",\"type\":\"server_error\",\"param\":null,\"code\":\"stream_error\"}}\n\n";
    if (flags & SLUICE_ERROR_RELAYED) error.clear();
    CHECK(client.read_response().body == "data: {\"n\":1}\n\n" + error + "data: [DONE]\n\n");
    CHECK(stage.is_completed_once("complete status=200 by=0 error=upstream_error"));
}

TEST_CASE("a body that fails after its first byte is seen to be cut", "[net][server][cancel]") {
    Stage stage;
    auto length = GENERATE(std::uint64_t{100}, SLUICE_LENGTH_UNKNOWN);
    stage.backend.on("failing", [length](Call call) {
        call.begin(length);
        call.write("0123456789");
        call.fail("upstream_error");
    });
    TestServer server(stage.config);
    Client client(server.port());
    client.send(chat_request("failing"));
    client.read_until("0123456789");
    std::string rest = client.read_to_end();
    CHECK(rest.find("0\r\n\r\n") == std::string::npos);
    CHECK(stage.is_completed_once("complete status=200 by=0 error=upstream_error"));
}

TEST_CASE("a backend that gives fewer bytes than announced is no clean end", "[net][server][cancel]") {
    Stage stage;
    stage.backend.on("short", [](Call call) {
        call.begin(100);
        call.write("0123456789");
        call.finish();
    });
    stage.backend.on("nothing", [](Call call) {
        call.begin(100);
        call.finish();
    });
    stage.backend.on("headless", [](Call call) { call.finish(); });
    TestServer server(stage.config);
    Client client(server.port());
    for (const char* model : {"nothing", "headless"}) {
        client.send(chat_request(model));
        CHECK(client.read_response().status == 500);
    }
    client.send(chat_request("short"));
    client.read_until("0123456789");
    CHECK(client.read_to_end().empty());
}

TEST_CASE("calls of a backend that do not fit its answer are refused and change nothing", "[net][server][cancel]") {
    Stage stage;
    std::vector<sluice_status> seen;
    stage.backend.on("clumsy", [&](Call call) {
        seen.push_back(call.write("too early"));
        seen.push_back(call.event("{}"));
        seen.push_back(call.begin(1, "text/plain", 99));
        seen.push_back(call.begin(5));
        seen.push_back(call.begin(5));
        seen.push_back(call.event("{}"));
        seen.push_back(call.write("hel"));
        seen.push_back(call.write("more than 5"));
        seen.push_back(call.write("lo"));
        call.finish();
    });
    stage.backend.on("lines", [&](Call call) {
        call.begin_events();
        seen.push_back(call.event("{\n}"));
        seen.push_back(call.event("{}", "a\rb"));
        seen.push_back(call.write("raw"));
        seen.push_back(call.event("{}"));
        call.finish();
    });
    TestServer server(stage.config);
    Client client(server.port());
    client.send(chat_request("clumsy"));
    CHECK(client.read_response().body == "hello");
    CHECK(seen == std::vector<sluice_status>{SLUICE_E_STATE, SLUICE_E_STATE, SLUICE_E_INVALID, SLUICE_OK,
                                             SLUICE_E_STATE, SLUICE_E_STATE, SLUICE_OK, SLUICE_E_STATE, SLUICE_OK});
    seen.clear();
    client.send(chat_request("lines", true));
    CHECK(client.read_response().body == "data: {}\n\ndata: [DONE]\n\n");
    CHECK(seen == std::vector<sluice_status>{SLUICE_E_INVALID, SLUICE_E_INVALID, SLUICE_E_STATE, SLUICE_OK});
}

TEST_CASE("a drain lets running answers end, refuses what arrives and closes idle connections",
          "[net][server][cancel]") {
    Stage stage;
    TestServer server(stage.config);
    Client idle(server.port());
    idle.send(chat_request("plain"));
    CHECK(idle.read_response().body == "hello");
    Client busy(server.port());
    busy.send(chat_request("streaming", true));
    busy.read_until("data: {\"n\":1}\n\n");
    Client slow(server.port());
    slow.send(chat_request("plain"));  // once answered, it has been accepted
    CHECK(slow.read_response().body == "hello");
    slow.send("POST /v1/chat");
    server.settle();
    std::jthread draining([&] { server.drain(std::chrono::seconds(10)); });
    CHECK(idle.is_at_end());
    slow.send("/completions HTTP/1.1\r\nHost: a\r\n\r\n");
    Response refused = slow.read_response();
    CHECK(refused.status == 503);
    CHECK(refused.body.find("server_shutting_down") != std::string::npos);
    server.loop().post([&] { stage.held.back().finish(); });
    busy.read_until("data: [DONE]\n\n");
    busy.read_to_end();
    CHECK_THROWS(Client(server.port()));
    CHECK(stage.journal.count("cancel") == 0);
}

TEST_CASE("what still runs after the time to drain ends with an error and is cancelled", "[net][server][cancel]") {
    Stage stage;
    TestServer server(stage.config);
    bool has_begun = GENERATE(true, false);
    Client client(server.port());
    client.send(chat_request(has_begun ? "streaming" : "silent", true));
    REQUIRE(stage.journal.waits_for("started"));
    std::jthread draining([&] { server.drain(std::chrono::milliseconds(1)); });
    if (has_begun) {
        client.read_until("stream_error");
        client.read_until("data: [DONE]\n\n");
    } else {
        CHECK(client.read_response().status == 503);
    }
    REQUIRE(stage.journal.waits_for("cancel"));
    stage.let_go(server);
    CHECK(stage.is_completed_once("complete status=" + std::string(has_begun ? "200" : "503") +
                                  " by=4 error=server_shutting_down"));
    CHECK(stage.journal.count("cancel") == 1);
}
