// What is kept of a request for `sluice explain`.
#include "test_server.hpp"

#include <thread>

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;
using observability::HookVerdict;
using observability::KeptRecord;

namespace {

/// Two middleware before a backend.
struct Stage {
    Stage() {
        add_middleware(config, outer);
        add_middleware(config, inner);
        backend.on("plain", [](Call call) {
            call.begin(5);
            call.write("hello");
            call.finish();
        });
        backend.on("broken", [](Call call) { call.fail("upstream_error"); });
        backend.on("silent", [](Call call) { call.on_cancel([call] { call.fail("cancelled"); }); });
        backend.on("half", [](Call call) {
            call.on_cancel([call] { call.fail("cancelled"); });
            call.begin_events();
            call.event("{\"n\":1}");
        });
    }
    Journal journal;
    ScriptedBackend backend;
    ScriptedMiddleware outer{journal}, inner{journal};
    config::Config config = puppet_config(backend);
};

std::string with_id(const std::string& model, const std::string& id, bool is_streaming = false) {
    return chat_request(model, is_streaming, "X-Request-ID: " + id + "\r\n");
}

/// Sends it and takes its answer.
KeptRecord explained(TestServer& server, const std::string& model, const std::string& id) {
    Client client(server.port());
    client.send(with_id(model, id));
    client.read_response();
    return server.explained(id);
}

}  // namespace

TEST_CASE("a good request is kept with its one attempt and all verdicts", "[net][server][explain]") {
    Stage stage;
    TestServer server(stage.config);
    const KeptRecord kept = explained(server, "plain", "id-1");
    const observability::RequestRecord& record = kept.get();
    CHECK(record.model == "plain");
    CHECK(record.method == "POST");
    CHECK(record.path == "/v1/chat/completions");
    CHECK(record.status == 200);
    CHECK_FALSE(record.is_failed());
    CHECK(record.ended_by == "backend");
    CHECK(record.phase == "done");
    CHECK(record.bytes_out == 5);
    CHECK(record.prompt_tokens == 3);
    CHECK(record.completion_tokens == 5);
    CHECK_FALSE(record.is_usage_estimated);
    REQUIRE(record.attempts.size() == 1);
    CHECK(record.attempt_count == 1);
    CHECK(record.attempts[0].target == "puppet");
    CHECK(record.attempts[0].outcome == "ok");
    CHECK(record.attempts[0].status == 200);
    CHECK(record.attempts[0].is_answer);
    CHECK(record.attempts[0].first_byte.has_value());
    CHECK(record.attempts[0].started + record.attempts[0].duration <= record.duration);
    REQUIRE(record.verdicts.size() == 2);
    CHECK(record.verdicts[1].name == "middleware-1");
    CHECK(record.verdicts[1].head == HookVerdict::kContinue);
    CHECK(record.verdicts[1].request == HookVerdict::kContinue);
}

TEST_CASE("a backend's error is its attempt's outcome, and the answer", "[net][server][explain]") {
    Stage stage;
    TestServer server(stage.config);
    const KeptRecord kept = explained(server, "broken", "id-1");
    CHECK(kept.get().is_failed());
    CHECK(kept.get().error_code == "upstream_error");
    REQUIRE(kept.get().attempts.size() == 1);
    CHECK(kept.get().attempts[0].outcome == "upstream_error");
    CHECK(kept.get().attempts[0].status == 0);  // what the client got is the gateway's: no answer came
    CHECK(kept.get().attempts[0].is_answer);
    CHECK_FALSE(kept.get().attempts[0].first_byte);
}

TEST_CASE("an answer with an error status is not a good outcome", "[net][server][explain]") {
    Stage stage;
    stage.backend.on("refused", [](Call call) {
        call.begin(2, "text/plain", 429);
        call.write("no");
        call.finish();
    });
    TestServer server(stage.config);
    const KeptRecord kept = explained(server, "refused", "id-1");
    CHECK(kept.get().is_failed());
    REQUIRE(kept.get().attempts.size() == 1);
    CHECK(kept.get().attempts[0].outcome == observability::kErrorStatus);
    CHECK(kept.get().attempts[0].status == 429);
}

TEST_CASE("an attempt that a deadline ended gave no answer", "[net][server][explain]") {
    Stage stage;
    stage.config.routes[0].timeouts.request = 30ms;
    TestServer server(stage.config);
    const KeptRecord kept = explained(server, "silent", "id-1");
    CHECK(kept.get().ended_by == "deadline");
    REQUIRE(kept.get().attempts.size() == 1);
    CHECK(kept.get().attempts[0].outcome == "timeout");
    CHECK(kept.get().attempts[0].status == 0);
    CHECK_FALSE(kept.get().attempts[0].is_answer);
    CHECK_FALSE(kept.get().attempts[0].first_byte);
    CHECK(kept.get().attempts[0].duration >= 29ms);
}

TEST_CASE("of a refused request is kept who refused it", "[net][server][explain]") {
    Stage stage;
    stage.outer.head = [](Hooked hooked) -> sluice_verdict {
        hooked.refuse("invalid_api_key");
        return SLUICE_REFUSE;
    };
    TestServer server(stage.config);
    const KeptRecord kept = explained(server, "plain", "id-1");
    CHECK(kept.get().ended_by == "middleware");
    CHECK(kept.get().error_code == "invalid_api_key");
    CHECK(kept.get().attempts.empty());
    REQUIRE(kept.get().verdicts.size() == 1);
    CHECK(kept.get().verdicts[0].name == "middleware-0");
    CHECK(kept.get().verdicts[0].head == HookVerdict::kRefuse);
}

TEST_CASE("a hook that was pending is kept with its wait", "[net][server][explain]") {
    Stage stage;
    std::jthread resumer;
    stage.inner.request = [&](Hooked hooked) -> sluice_verdict {
        resumer = std::jthread([hooked] {
            std::this_thread::sleep_for(5ms);
            hooked.api->resume(hooked.exchange, SLUICE_CONTINUE);
        });
        return SLUICE_PENDING;
    };
    TestServer server(stage.config);
    const KeptRecord kept = explained(server, "plain", "id-1");
    REQUIRE(kept.get().verdicts.size() == 2);
    CHECK(kept.get().verdicts[0].waited == 0ns);
    CHECK(kept.get().verdicts[1].request == HookVerdict::kContinue);
    CHECK(kept.get().verdicts[1].waited >= 4ms);
}

TEST_CASE("a client that leaves in the middle of a stream has had the attempt's answer", "[net][server][explain]") {
    Stage stage;
    TestServer server(stage.config);
    Client client(server.port());
    client.send(with_id("half", "id-1", true));
    client.read_until("\"n\":1");
    client.reset();
    const KeptRecord kept = server.explained("id-1");
    CHECK(kept.get().ended_by == "client");
    CHECK(kept.get().phase == "backend");
    CHECK(kept.get().error_code == "cancelled");
    REQUIRE(kept.get().attempts.size() == 1);
    CHECK(kept.get().attempts[0].outcome == "cancelled");
    CHECK(kept.get().attempts[0].status == 200);
    CHECK(kept.get().attempts[0].is_answer);
}

TEST_CASE("a middleware that ends an answer is kept as the one that did", "[net][server][explain]") {
    Stage stage;
    stage.inner.chunk = [](Hooked, std::string, std::string, std::string& text) -> sluice_chunk_verdict {
        text = "two\nlines";
        return SLUICE_CHUNK_REPLACE;
    };
    TestServer server(stage.config);
    Client client(server.port());
    client.send(with_id("half", "id-1", true));
    client.read_response();
    const KeptRecord kept = server.explained("id-1");
    CHECK(kept.get().ended_by == "middleware");
    REQUIRE(kept.get().verdicts.size() == 2);
    CHECK(kept.get().verdicts[0].answer == HookVerdict::kNone);
    CHECK(kept.get().verdicts[1].answer == HookVerdict::kFail);
}

TEST_CASE("an exchange that is used again starts a record of its own", "[net][server][explain]") {
    Stage stage;
    TestServer server(stage.config);
    Client client(server.port());
    client.send(with_id("plain", "id-1"));
    client.read_response();
    client.send("GET /nowhere HTTP/1.1\r\nHost: a\r\nX-Request-ID: id-2\r\n\r\n");
    client.read_response();
    const KeptRecord kept = server.explained("id-2");
    CHECK(kept.get().status == 404);
    CHECK(kept.get().model.empty());
    CHECK(kept.get().attempts.empty());
    CHECK(kept.get().verdicts.empty());
    CHECK(kept.get().ended_by == "host");
}

TEST_CASE("a gateway that is told to keep no requests keeps none", "[net][server][explain]") {
    Stage stage;
    stage.config.explain.requests = 0;
    TestServer server(stage.config);
    Client client(server.port());
    client.send(chat_request("plain"));
    CHECK(client.read_response().status == 200);
    server.settle();
    CHECK(server.explained_count() == 0);
}
