// What the plugin tells the host is what the openai plugin tells it in front of an upstream that fails that way.
#include <dlfcn.h>

#include <catch2/catch.hpp>
#include <functional>
#include <vector>

#include "error_kind.hpp"
#include "fault_side.hpp"
#include "scripted_upstream.hpp"

using namespace sluice::fault;
using namespace sluice::fault::testing;
using namespace std::chrono_literals;
using sluice::openai::testing::json_answer;
using sluice::openai::testing::Peer;
using sluice::openai::testing::ScriptedUpstream;
using sluice::openai::testing::stream_head;

namespace {

const sluice_plugin* openai_plugin() {
    static void* const library = dlopen(OPENAI_PLUGIN, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) throw std::runtime_error(dlerror());
    using Query = const sluice_plugin* (*)(std::uint32_t, std::uint32_t);
    return reinterpret_cast<Query>(dlsym(library, "sluice_plugin_query"))(1, 0);
}

struct OpenaiSide {
    explicit OpenaiSide(std::string_view more = "")
        : upstream(host), backend(std::make_unique<LoadedBackend>(host, openai_plugin(), upstream.config(more))) {}

    FakeHost host;
    ScriptedUpstream upstream;
    std::unique_ptr<LoadedBackend> backend;
};

using Upstream = std::function<void(Peer&)>;
using Client = std::function<void(FakeHost&, FakeCall&)>;

void only_wait(FakeHost&, FakeCall&) {}
void leave(FakeHost& host, FakeCall& call) {
    CHECK_FALSE(call.is_ended());
    host.advance(100s);
    CHECK_FALSE(call.is_ended());
    call.cancel();
    host.loop().run_ready();
}

std::string behind_openai(const FakeRequest& request, const Upstream& upstream, const Client& client,
                          std::string_view more = "") {
    OpenaiSide side(more);
    FakeCall call(side.host, request);
    side.backend->start(call);
    Peer peer = side.upstream.accept();
    peer.request();
    upstream(peer);
    client(side.host, call);
    const std::string record = record_of(call);
    if (!call.is_ended()) {
        call.cancel();
        side.host.loop().run_ready();
    }
    return record;
}

std::string of_fault(const FakeRequest& request, const std::string& step, const Client& client,
                     std::string_view more = "") {
    FaultSide side(R"({"tokens":5,"script":[)" + step + "]" + std::string(more) + "}");
    const auto call = side.start(request);
    client(side.host, *call);
    const std::string record = record_of(*call);
    CHECK(side.breaches() == "");
    return record;
}

void compare(const FakeRequest& request, const std::string& step, const Upstream& upstream,
             const Client& client = only_wait, std::string_view more = "") {
    INFO(step);
    CHECK(of_fault(request, step, client, more) == behind_openai(request, upstream, client, more));
}

std::string good_body(const FakeRequest& request) {
    FaultSide side(R"({"tokens":5})");
    return side.start(request)->body();
}

// The first `count` events of a good stream, as an upstream sends them.
std::string good_events(const FakeRequest& request, std::size_t count = 1000) {
    FaultSide side(R"({"tokens":5})");
    const auto call = side.start(request);
    std::string bytes;
    for (std::size_t i = 0; i < call->events().size() && i < count; ++i) {
        const auto& event = call->events()[i];
        if (!event.name.empty()) bytes += "event: " + event.name + "\n";
        bytes += "data: " + event.data + "\n\n";
    }
    return bytes;
}

Upstream streams(
    const std::string& events, const Upstream& then = [](Peer&) {}) {
    return [=](Peer& peer) {
        peer.send(stream_head());
        if (!events.empty()) peer.send_chunk(events);
        then(peer);
    };
}
Upstream sends(const std::string& bytes) {
    return [=](Peer& peer) { peer.send(bytes); };
}
void reset(Peer& peer) { peer.reset(); }
void end_transfer(Peer& peer) { peer.send("0\r\n\r\n"); }

FakeRequest on(std::string_view path, bool is_stream = false) { return chat(is_stream).set_path(path); }

// Opening and token events of a chat stream with so many tokens.
constexpr std::size_t kTwoTokens = 3;

}  // namespace

TEST_CASE("a good answer is told as that of an upstream", "[fault][unit]") {
    const std::string path =
        GENERATE(as<std::string>(), "/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/embeddings");
    INFO(path);
    compare(on(path), "{}", sends(json_answer(good_body(on(path)))));
}

TEST_CASE("a good stream is told as that of an upstream", "[fault][unit]") {
    const std::string path = GENERATE(as<std::string>(), "/v1/chat/completions", "/v1/completions", "/v1/responses");
    const bool wants_usage = GENERATE(false, true);
    INFO(path << " usage " << wants_usage);
    FakeRequest request = on(path, true).set_wants_usage(wants_usage);
    compare(request, "{}", streams(good_events(request) + "data: [DONE]\n\n"));
}

TEST_CASE("each error is relayed as that of an upstream", "[fault][unit]") {
    for (std::size_t kind = 1; kind + 1 < kErrorKinds; ++kind) {
        const ErrorText& error = kErrorTexts[kind];
        const std::string step = R"({"error":")" + std::string(error.name) + R"("})";
        compare(chat(true), step, sends(json_answer(error_json(error), error.status)));
    }
    compare(chat(), R"({"status":429,"retry_after":2})",
            sends(json_answer(error_json(text_of(ErrorKind::kRateLimit)), 429, "Retry-After: 2\r\n")));
    compare(chat(), R"({"status":503,"error":"html","retry_after":7})",
            sends("HTTP/1.1 503 Busy\r\nContent-Type: text/html\r\nContent-Length: 4\r\nRetry-After: 7\r\n\r\n<h1>"));
}

TEST_CASE("each error inside a stream is told as that of an upstream", "[fault][unit]") {
    const bool is_first = GENERATE(true, false);
    for (std::size_t kind = 1; kind + 1 < kErrorKinds; ++kind) {
        const ErrorText& error = kErrorTexts[kind];
        const std::string step = R"({"fault":"error_event","error":")" + std::string(error.name) + R"(","after":)" +
                                 (is_first ? "0}" : "2}");
        const std::string chat_start = is_first ? "" : good_events(chat(true), kTwoTokens);
        compare(chat(true), step, streams(chat_start + "data: " + error_json(error) + "\n\n"));
        const FakeRequest responses = on("/v1/responses", true);
        const std::string start = is_first ? "" : good_events(responses, 5);
        compare(responses, step,
                streams(start + "event: error\ndata: " + named_error_json(error, is_first ? 0 : 5) + "\n\n"));
    }
}

TEST_CASE("an error inside an answer of status 200 is told as that of an upstream", "[fault][unit]") {
    const std::string path = GENERATE(as<std::string>(), "/v1/chat/completions", "/v1/responses");
    compare(on(path), R"({"fault":"error_event","error":"overloaded"})",
            sends(json_answer(error_json(text_of(ErrorKind::kOverloaded)))));
}

TEST_CASE("a connection that breaks before the head is told as that of an upstream", "[fault][unit]") {
    compare(chat(), R"({"scenario":"reset"})", reset);
    compare(chat(true), R"({"scenario":"reset"})", reset);
}

TEST_CASE("a connection that is refused is told as that of an upstream", "[fault][unit]") {
    FakeHost host;
    std::string config;
    {
        ScriptedUpstream gone(host);
        config = gone.config();
    }
    LoadedBackend backend(host, openai_plugin(), config);
    const auto call = backend.answer(chat());
    CHECK(of_fault(chat(), R"({"scenario":"refused"})", only_wait) == record_of(*call));
}

TEST_CASE("silence is told as that of an upstream", "[fault][unit]") {
    const bool is_stream = GENERATE(false, true);
    compare(chat(is_stream), R"({"scenario":"silent"})", sends(""), leave);
    const auto wait_long = [](FakeHost& host, FakeCall&) { host.advance(5001ms); };
    compare(chat(is_stream), R"({"scenario":"silent"})", sends(""), wait_long, R"(,"head_timeout_ms":5000)");
    compare(chat(is_stream), R"({"head_ms":6000})", sends(""), wait_long, R"(,"head_timeout_ms":5000)");
}

TEST_CASE("silence behind the head is told as that of an upstream", "[fault][unit]") {
    compare(chat(true), R"({"scenario":"silent_after_head"})", streams(""), leave);
    const std::string body = good_body(chat());
    const std::string head = json_answer(body).substr(0, json_answer(body).size() - body.size());
    compare(chat(), R"({"scenario":"silent_after_head"})", sends(head), leave);
}

TEST_CASE("silence in a stream is told as that of an upstream", "[fault][unit]") {
    compare(chat(true), R"({"fault":"stall","after":2})", streams(good_events(chat(true), kTwoTokens)), leave);
}

TEST_CASE("an answer that is cut is told as that of an upstream", "[fault][unit]") {
    compare(chat(true), R"({"fault":"cut","after":2})", streams(good_events(chat(true), kTwoTokens), reset));
    compare(chat(true), R"({"fault":"cut"})", streams("", reset));
    compare(on("/v1/responses", true), R"({"fault":"cut","after":2})",
            streams(good_events(on("/v1/responses", true), 5), reset));
    const std::string answer = json_answer(good_body(chat()));
    compare(chat(), R"({"fault":"cut"})", [&](Peer& peer) {
        peer.send(answer.substr(0, answer.size() - 20));
        peer.reset();
    });
}

TEST_CASE("an answer that ends early is told as that of an upstream", "[fault][unit]") {
    compare(chat(true), R"({"fault":"early_end","after":2})",
            streams(good_events(chat(true), kTwoTokens), end_transfer));
    const std::string body = good_body(chat());
    compare(chat(), R"({"fault":"early_end"})", sends(json_answer(body.substr(0, body.size() - 20))));
}

TEST_CASE("what is no JSON is told as that of an upstream", "[fault][unit]") {
    compare(chat(true), R"({"fault":"not_json","after":2})",
            streams(good_events(chat(true), kTwoTokens) + "data: {\"cut\":\n\n"));
    compare(chat(), R"({"fault":"not_json"})", sends(json_answer("<html></html>")));
}

TEST_CASE("a stream without its terminator is told as that of an upstream", "[fault][unit]") {
    const bool wants_usage = GENERATE(false, true);
    const FakeRequest request = chat(true).set_wants_usage(wants_usage);
    compare(request, R"({"scenario":"no_terminator"})", streams(good_events(request), end_transfer));
    const auto look = [](FakeHost& host, FakeCall& call) {
        host.advance(190ms);
        CHECK_FALSE(call.is_ended());
        host.advance(20ms);
        CHECK(call.is_finished());
    };
    compare(request, R"({"scenario":"left_open"})", streams(good_events(request)), look);
}

TEST_CASE("a responses stream without its last event is told as that of an upstream", "[fault][unit]") {
    const FakeRequest request = on("/v1/responses", true);
    const std::string all = good_events(request);
    const std::string most = all.substr(0, all.rfind("event: "));
    compare(request, R"({"scenario":"no_terminator"})", streams(most, end_transfer));
    compare(request, R"({"scenario":"left_open"})", streams(most), leave);
}

TEST_CASE("a body shorter than announced is told as that of an upstream", "[fault][unit]") {
    std::string answer = json_answer(good_body(chat()) + " ");
    answer.pop_back();
    compare(chat(), R"({"scenario":"wrong_length"})", [&](Peer& peer) {
        peer.send(answer);
        peer.leave();
    });
}

TEST_CASE("an answer that is too large is told as that of an upstream", "[fault][unit]") {
    FaultSide side(R"({"script":[{"fault":"endless"}]})");
    const auto call = side.start(chat());
    side.host.advance(5ms);
    REQUIRE(call->error());
    OpenaiSide openai(R"(,"max_answer_bytes":67108864)");
    FakeCall other(openai.host, chat());
    openai.backend->start(other);
    Peer peer = openai.upstream.accept();
    peer.request();
    peer.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string megabyte(1u << 20, ' ');
    for (int i = 0; i < 65 && !other.is_ended(); ++i)
        peer.send_chunk(megabyte.substr(0, other.is_ended() ? 1 : 1u << 20));
    CHECK(record_of(*call) == record_of(other));
}

TEST_CASE("a stream asked of embeddings, and an unknown path, are told as by an upstream", "[fault][unit]") {
    compare(on("/v1/embeddings", true), "{}", sends(json_answer(good_body(on("/v1/embeddings")))));
    const std::string error = error_json({"", 404, "Invalid URL (POST /v1/nothing)", "invalid_request_error", "", ""});
    compare(on("/v1/nothing"), "{}", sends(json_answer(error, 404)));
}
