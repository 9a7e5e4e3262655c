// What middleware may do to a request and its answer.
#include "test_server.hpp"

#include <thread>

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;

namespace {

/// Two middleware before a backend that says what it got.
struct Stage {
    Stage() {
        add_middleware(config, outer);
        add_middleware(config, inner);
        backend.on("plain", [this](Call call) { answer(call); });
        backend.on("other", [this](Call call) { answer(call); });
        backend.on("/v1/files", [this](Call call) { answer(call); });
        backend.on("events", [this](Call call) {
            call.on_cancel([this] { journal.note("cancel"); });
            call.begin_events();
            for (const char* data : {"{\"n\":1}", "{\"n\":2}", "{\"n\":3}"}) {
                if (call.event(data) == SLUICE_CANCELLED) {
                    journal.note("told to stop");
                    return call.fail("cancelled");
                }
            }
            call.finish();
        });
        backend.on("unsized", [](Call call) {
            call.begin(SLUICE_LENGTH_UNKNOWN);
            call.write("one ");
            call.write("two");
            call.finish();
        });
    }
    void answer(Call call) {
        journal.note("backend");
        body = copy_of(call.request->body);
        header.clear();
        for (std::size_t i = 0; i < call.request->header_count; ++i) {
            if (copy_of(call.request->headers[i].name) == "X-Seen")
                header += copy_of(call.request->headers[i].value) + ";";
        }
        call.begin(5);
        call.write("hello");
        call.finish();
    }
    Journal journal, outer_journal;
    ScriptedBackend backend;
    ScriptedMiddleware outer{outer_journal}, inner{journal};
    std::string body, header;
    config::Config config = puppet_config(backend);
};

}  // namespace

TEST_CASE("request headers and body that middleware sets reach the backend", "[net][server][middleware]") {
    Stage stage;
    std::vector<sluice_status> seen;
    stage.outer.head = [&](Hooked hooked) {
        seen.push_back(hooked.set_request_header("X-Seen", "by outer"));
        seen.push_back(hooked.set_request_header("X-Seen: a\r\nX-Evil", "x"));
        seen.push_back(hooked.set_request_header("X-Evil", "x\r\nX-More: y"));
        seen.push_back(hooked.set_body("{}"));
        return SLUICE_CONTINUE;
    };
    stage.inner.request = [&](Hooked hooked) {
        seen.push_back(hooked.set_body("[]"));
        seen.push_back(hooked.set_body("{\"model\":\"other\",\"stream\":false}"));
        return SLUICE_CONTINUE;
    };
    TestServer server(stage.config);
    Client client(server.port());
    client.send(chat_request("plain", false, "x-seen: 1\r\nX-Seen: 2\r\n"));
    CHECK(client.read_response().body == "hello");
    CHECK(seen == std::vector<sluice_status>{SLUICE_OK, SLUICE_E_INVALID, SLUICE_E_INVALID, SLUICE_E_STATE,
                                             SLUICE_E_INVALID, SLUICE_OK});
    CHECK(stage.header == "by outer;");
    CHECK(stage.body == "{\"model\":\"other\",\"stream\":false}");
}

TEST_CASE("a reply or a refusal ends the request there and passes the hooks on its way out",
          "[net][server][middleware]") {
    Stage stage;
    bool is_head = GENERATE(true, false);
    bool is_reply = GENERATE(true, false);
    auto verdict = [is_reply](Hooked hooked) -> sluice_verdict {
        hooked.set_response_header("X-Early", "1");
        if (is_reply) {
            hooked.reply(202, "cached");
            return SLUICE_REPLY;
        }
        hooked.refuse("rate_limit_exceeded");
        return SLUICE_REFUSE;
    };
    (is_head ? stage.inner.head : stage.inner.request) = verdict;
    stage.outer.response = [](Hooked hooked) {
        hooked.set_response_header("X-Outer", std::to_string(hooked.api->response(hooked.exchange)->http_status));
    };
    TestServer server(stage.config);
    Client client(server.port());
    client.send(chat_request("plain"));
    Response response = client.read_response();
    CHECK(response.status == (is_reply ? 202 : 429));
    CHECK(response.header("x-early") == "1");
    CHECK(response.header("x-outer") == (is_reply ? "202" : "429"));
    if (is_reply) CHECK(response.body == "cached");
    if (!is_reply) CHECK(response.header("retry-after") == "1");
    std::string end =
        is_reply ? "complete status=202 by=2 error=" : "complete status=429 by=2 error=rate_limit_exceeded";
    CHECK(stage.journal.waits_for(end));
    CHECK(stage.outer_journal.waits_for(end));
    CHECK(stage.journal.count("backend") == 0);
}

TEST_CASE("an answer that middleware gives passes on_chunk as well", "[net][server][middleware]") {
    Stage stage;
    stage.inner.request = [](Hooked hooked) -> sluice_verdict {
        hooked.reply(200, "secret");
        return SLUICE_REPLY;
    };
    stage.outer.chunk = [](Hooked, std::string, std::string data, std::string& text) -> sluice_chunk_verdict {
        text = data == "secret" ? "******" : data;
        return SLUICE_CHUNK_REPLACE;
    };
    TestServer server(stage.config);
    Client client(server.port());
    client.send(chat_request("plain"));
    CHECK(client.read_response().body == "******");
}

TEST_CASE("a pending hook goes on when another thread resumes it", "[net][server][middleware]") {
    Stage stage;
    bool is_head = GENERATE(true, false);
    auto verdict = GENERATE(sluice_verdict{SLUICE_CONTINUE}, sluice_verdict{SLUICE_REFUSE});
    std::jthread resumer;
    auto hook = [&, verdict](Hooked hooked) -> sluice_verdict {
        hooked.refuse("invalid_api_key");
        resumer = std::jthread([hooked, verdict] { hooked.api->resume(hooked.exchange, verdict); });
        return SLUICE_PENDING;
    };
    (is_head ? stage.outer.head : stage.outer.request) = hook;
    TestServer server(stage.config);
    Client client(server.port());
    client.send(chat_request("plain"));
    Response response = client.read_response();
    CHECK(response.status == (verdict == SLUICE_CONTINUE ? 200 : 401));
    if (response.status == 401) CHECK(response.header("www-authenticate") == "Bearer");
    std::string end = verdict == SLUICE_CONTINUE ? "complete status=200 by=0 error="
                                                 : "complete status=401 by=2 error=invalid_api_key";
    CHECK(stage.outer_journal.waits_for(end));
    // A link behind the one that refused on its head was never entered.
    if (verdict == SLUICE_CONTINUE) CHECK(stage.journal.waits_for(end));
}

TEST_CASE("the links behind a pending one see the request all the same", "[net][server][middleware]") {
    Stage stage;
    bool is_head = GENERATE(true, false);
    std::jthread resumer;
    (is_head ? stage.outer.head : stage.outer.request) = [&](Hooked hooked) -> sluice_verdict {
        resumer = std::jthread([hooked] { hooked.api->resume(hooked.exchange, SLUICE_CONTINUE); });
        return SLUICE_PENDING;
    };
    stage.inner.head = [&](Hooked) -> sluice_verdict {
        stage.journal.note("inner head");
        return SLUICE_CONTINUE;
    };
    stage.inner.request = [&](Hooked hooked) -> sluice_verdict {
        hooked.refuse("rate_limit_exceeded");
        return SLUICE_REFUSE;
    };
    TestServer server(stage.config);
    Client client(server.port());
    client.send(chat_request("plain"));
    CHECK(client.read_response().status == 429);
    CHECK(stage.journal.count("inner head") == 1);
    CHECK(stage.journal.count("backend") == 0);
}

TEST_CASE("a body that came while on_head was pending is read after it", "[net][server][middleware]") {
    Stage stage;
    std::vector<Hooked> pending;
    stage.outer.head = [&](Hooked hooked) -> sluice_verdict {
        pending.push_back(hooked);
        stage.journal.note("pending");
        return SLUICE_PENDING;
    };
    TestServer server(stage.config);
    Client client(server.port());
    auto body = GENERATE(as<std::string>(), "Content-Length: 17\r\n\r\n{\"model\":\"plain\"}",
                         "Transfer-Encoding: chunked\r\n\r\n11\r\n{\"model\":\"plain\"}\r\n0\r\n\r\n");
    bool is_at_once = GENERATE(true, false);
    std::string request = "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n" + body;
    std::size_t cut = is_at_once ? request.size() : request.find("\r\n\r\n") + 4;
    client.send(request.substr(0, cut));
    REQUIRE(stage.journal.waits_for("pending"));
    client.send(request.substr(cut) + chat_request("plain"));
    server.settle();
    server.settle();
    pending.at(0).api->resume(pending.at(0).exchange, SLUICE_CONTINUE);
    CHECK(client.read_response().body == "hello");
    REQUIRE(stage.journal.waits_for("pending", 2));
    pending.at(1).api->resume(pending.at(1).exchange, SLUICE_CONTINUE);
    CHECK(client.read_response().body == "hello");
}

TEST_CASE("a client that leaves while a hook is pending is told to that hook", "[net][server][middleware]") {
    Stage stage;
    stage.config.server.timeouts.half_close = 0ms;
    bool is_head = GENERATE(true, false);
    std::vector<Hooked> pending;
    (is_head ? stage.outer.head : stage.outer.request) = [&](Hooked hooked) -> sluice_verdict {
        pending.push_back(hooked);
        auto* callback =
            stage.outer.callbacks().keep(std::function<void()>([&] { stage.outer_journal.note("cancel"); }));
        hooked.api->on_cancel(hooked.exchange, Call::run, callback);
        stage.outer_journal.note("pending");
        return SLUICE_PENDING;
    };
    TestServer server(stage.config);
    Client client(server.port());
    client.send(is_head ? std::string("GET /v1/files HTTP/1.1\r\nHost: a\r\n\r\n") : chat_request("plain"));
    REQUIRE(stage.outer_journal.waits_for("pending"));
    server.settle();
    client.leave();
    CHECK(stage.outer_journal.waits_for("cancel"));
    CHECK(stage.outer_journal.count("complete status=0 by=1 error=cancelled") == 0);
    pending.at(0).api->resume(pending.at(0).exchange, SLUICE_CONTINUE);
    CHECK(stage.outer_journal.waits_for("complete status=0 by=1 error=cancelled"));
    CHECK(stage.outer_journal.count("cancel") == 1);
    CHECK(stage.journal.count("backend") == 0);
}

TEST_CASE("a hook that is pending past the deadline gets 504 for its client", "[net][server][middleware]") {
    Stage stage;
    stage.config.server.timeouts.request = 30ms;
    std::vector<Hooked> pending;
    stage.outer.request = [&](Hooked hooked) -> sluice_verdict {
        pending.push_back(hooked);
        return SLUICE_PENDING;
    };
    TestServer server(stage.config);
    Client client(server.port());
    client.send(chat_request("plain"));
    CHECK(client.read_response().status == 504);
    pending.at(0).api->resume(pending.at(0).exchange, SLUICE_CONTINUE);
    CHECK(stage.outer_journal.waits_for("complete status=504 by=3 error=timeout"));
}

TEST_CASE("middleware changes, drops and ends the events of a stream", "[net][server][middleware]") {
    Stage stage;
    auto verdict = GENERATE(sluice_chunk_verdict{SLUICE_CHUNK_PASS}, sluice_chunk_verdict{SLUICE_CHUNK_REPLACE},
                            sluice_chunk_verdict{SLUICE_CHUNK_DROP}, sluice_chunk_verdict{SLUICE_CHUNK_END},
                            sluice_chunk_verdict{SLUICE_CHUNK_FAIL});
    stage.inner.chunk = [&](Hooked hooked, std::string, std::string data, std::string& text) -> sluice_chunk_verdict {
        if (data != "{\"n\":2}") return SLUICE_CHUNK_PASS;
        text = "{\"n\":\"two\"}";
        hooked.refuse("upstream_error", "bad words");
        return verdict;
    };
    TestServer server(stage.config);
    Client client(server.port());
    client.send(chat_request("events", true));
    std::string body = client.read_response().body;
    const std::string first = "data: {\"n\":1}\n\n", third = "data: {\"n\":3}\n\n", done = "data: [DONE]\n\n";
    if (verdict == SLUICE_CHUNK_PASS) CHECK(body == first + "data: {\"n\":2}\n\n" + third + done);
    if (verdict == SLUICE_CHUNK_REPLACE) CHECK(body == first + "data: {\"n\":\"two\"}\n\n" + third + done);
    if (verdict == SLUICE_CHUNK_DROP) CHECK(body == first + third + done);
    if (verdict == SLUICE_CHUNK_END) CHECK(body == first + done);
    if (verdict == SLUICE_CHUNK_FAIL) {
        CHECK(body.find("bad words") != std::string::npos);
        CHECK(body.ends_with(done));
    }
    bool is_ended = verdict >= SLUICE_CHUNK_END;
    CHECK(stage.journal.count("told to stop") == (is_ended ? 1 : 0));
    CHECK(stage.journal.count("cancel") == 0);  // the backend has learned it from its own call
    CHECK(stage.journal.waits_for("complete status=200 by=" + std::string(is_ended ? "2" : "0") +
                                  " error=" + (verdict == SLUICE_CHUNK_FAIL ? "upstream_error" : "")));
    client.send(chat_request("plain"));
    CHECK(client.read_response().body == "hello");
}

TEST_CASE("a piece of a chunked body replaced by nothing does not end the body", "[net][server][middleware]") {
    Stage stage;
    stage.inner.chunk = [](Hooked, std::string, std::string data, std::string&) -> sluice_chunk_verdict {
        return data == "one " ? SLUICE_CHUNK_REPLACE : SLUICE_CHUNK_PASS;
    };
    TestServer server(stage.config);
    Client client(server.port());
    client.send(chat_request("unsized") + chat_request("plain"));
    CHECK(client.read_response().body == "two");
    CHECK(client.read_response().body == "hello");
}

TEST_CASE("a replaced event stays one event", "[net][server][middleware]") {
    Stage stage;
    stage.inner.chunk = [](Hooked, std::string, std::string, std::string& text) -> sluice_chunk_verdict {
        text = "{}\n\ndata: {\"forged\":true}";
        return SLUICE_CHUNK_REPLACE;
    };
    TestServer server(stage.config);
    Client client(server.port());
    client.send(chat_request("events", true));
    CHECK(client.read_response().body.find("\n\ndata: {\"forged\"") == std::string::npos);
}

TEST_CASE("middleware sets and removes headers of the answer, but not those of the gateway",
          "[net][server][middleware]") {
    Stage stage;
    std::vector<sluice_status> seen;
    stage.outer.response = [&](Hooked hooked) {
        seen.push_back(hooked.set_response_header("X-Puppet", ""));
        seen.push_back(hooked.set_response_header("X-Mine", "1"));
        seen.push_back(hooked.set_response_header("X-Mine", "2"));
        seen.push_back(hooked.set_response_header("X-Split", "a\r\nX-Evil: b"));
        for (const char* name : {"Content-Length", "Transfer-Encoding", "Connection"}) {
            hooked.set_response_header(name, name == std::string("Content-Length") ? "1" : "chunked");
        }
    };
    TestServer server(stage.config);
    Client client(server.port());
    client.send(chat_request("plain"));
    Response response = client.read_head();
    CHECK(response.headers.count("x-puppet") == 0);
    CHECK(response.header("x-mine") == "2");
    CHECK(response.headers.count("x-evil") == 0);
    CHECK(seen == std::vector<sluice_status>{SLUICE_OK, SLUICE_OK, SLUICE_OK, SLUICE_E_INVALID});
    CHECK(response.header("content-length") == "5");
    CHECK(response.headers.count("transfer-encoding") == 0);
    CHECK(response.headers.count("connection") == 0);
}

TEST_CASE("attributes are shared along the chain and bounded", "[net][server][middleware]") {
    Stage stage;
    std::vector<sluice_status> seen;
    std::string found, missing;
    stage.outer.head = [&](Hooked hooked) -> sluice_verdict {
        seen.push_back(hooked.api->set_attribute(hooked.exchange, text_of("key.id"), text_of("k1")));
        seen.push_back(hooked.api->set_attribute(hooked.exchange, text_of(""), text_of("k1")));
        seen.push_back(hooked.api->set_attribute(hooked.exchange, text_of("long"), text_of(std::string(1025, 'x'))));
        for (int i = 1; i < 16; ++i) {
            hooked.api->set_attribute(hooked.exchange, text_of("n" + std::to_string(i)), text_of("v"));
        }
        seen.push_back(hooked.api->set_attribute(hooked.exchange, text_of("17th"), text_of("v")));
        return SLUICE_CONTINUE;
    };
    stage.inner.request = [&](Hooked hooked) -> sluice_verdict {
        found = copy_of(hooked.api->attribute(hooked.exchange, text_of("key.id")));
        missing = copy_of(hooked.api->attribute(hooked.exchange, text_of("17th")));
        return SLUICE_CONTINUE;
    };
    TestServer server(stage.config);
    Client client(server.port());
    client.send(chat_request("plain"));
    client.read_response();
    CHECK(found == "k1");
    CHECK(missing.empty());
    CHECK(seen == std::vector<sluice_status>{SLUICE_OK, SLUICE_E_INVALID, SLUICE_E_INVALID, SLUICE_E_INVALID});
}
