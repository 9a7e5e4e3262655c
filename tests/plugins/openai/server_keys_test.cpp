#include <catch2/catch.hpp>

#include "gateway_side.hpp"
#include "sluice/error.h"

using namespace sluice::openai::testing;

namespace {

constexpr const char* kKeys[] = {"sk-server-key-0123456789", "sk-second-key-abcdefWXYZ", "sk-third-key-abcdef00zz99"};
constexpr std::string_view kTwoMore = R"(,"api_keys":["sk-second-key-abcdefWXYZ","sk-third-key-abcdef00zz99"])";
constexpr std::string_view kOneMore = R"(,"api_keys":["sk-second-key-abcdefWXYZ"])";
const std::string kClose = "Connection: close\r\n";

std::string with(std::string_view keys, std::string_view more) { return std::string(keys) + std::string(more); }

// The place of the key a request was sent with, -1 for another one.
int key_of(const std::string& request) {
    for (int i = 0; i < 3; ++i) {
        if (request.find(std::string("\r\nAuthorization: Bearer ") + kKeys[i] + "\r\n") != std::string::npos) return i;
    }
    return -1;
}

// One call from its start to its answer.
struct Answered {
    int key = -1;
    std::unique_ptr<FakeCall> call;
};

struct PoolSide : GatewaySide {
    explicit PoolSide(std::string_view config = kTwoMore) : GatewaySide(config) {}

    Answered ask(int status = 200, std::string_view fields = {}, FakeRequest request = chat()) {
        Answered answered;
        answered.call = start(std::move(request));
        Peer peer = upstream.accept();
        answered.key = key_of(peer.request());
        const std::string_view body = status < 400 ? kCompletion : R"({"error":{"message":"no"}})";
        peer.send(json_answer(body, status, std::string(fields) + kClose));
        REQUIRE(answered.call->is_finished());
        CHECK(answered.call->head()->http_status == status);
        return answered;
    }
    // Of a call that must not reach the upstream.
    sluice::testing::RecordedError shortage() {
        auto call = start(chat());
        REQUIRE(call->error());
        CHECK_FALSE(upstream.has_visitor());
        return *call->error();
    }
    // "usable/resting/retired"
    std::string gauges() {
        std::string text;
        for (const char* state : {"usable", "resting", "retired"}) {
            if (!text.empty()) text += "/";
            text += std::to_string(static_cast<int>(host.metrics().value("keys", {{"state", state}})));
        }
        return text;
    }
    bool log_shows_a_key() {
        for (const auto& line : host.log().lines()) {
            for (const std::string_view key : kKeys) {
                // Five characters from the end on are one too many.
                if (line.message.find(key.substr(key.size() - 5)) != std::string::npos) return true;
                if (line.message.find(key.substr(0, 8)) != std::string::npos) return true;
            }
        }
        return false;
    }
};

}  // namespace

TEST_CASE("calls take the keys in turn, api_key first", "[openai][key]") {
    PoolSide side;
    for (const int key : {0, 1, 2, 0, 1}) CHECK(side.ask().key == key);
    CHECK(side.gauges() == "3/0/0");
    CHECK(side.breaches() == "");
}

TEST_CASE("the keys of api_keys alone are enough", "[openai][key]") {
    sluice::testing::FakeHost host;
    const std::string config = R"({"base_url":"http://127.0.0.1:9/v1","allow_client_key":false,"api_keys":["k1"]})";
    {
        LoadedBackend backend(host, sluice_plugin_query(1, 0), config);
        CHECK(backend.health()->word() == "ok");
        CHECK(host.metrics().value("keys", {{"state", "usable"}}) == 1);
    }
    CHECK(host.metrics().value("keys", {{"state", "usable"}}) == 0);
    CHECK(host.breaches().text() == "");
}

TEST_CASE("a limited key rests, and the answer passes as it came", "[openai][key]") {
    PoolSide side;
    const Answered limited = side.ask(429, "Retry-After: 2\r\n");
    CHECK(limited.key == 0);
    CHECK(limited.call->body() == R"({"error":{"message":"no"}})");
    CHECK(limited.call->head()->header("Retry-After") == "2");
    CHECK(side.gauges() == "2/1/0");
    CHECK(side.host.log().has(SLUICE_LOG_INFO, "the key api_key (...6789) rests"));
    for (const int key : {1, 2, 1}) CHECK(side.ask().key == key);
    // Nobody asks: the metrics see the end of the rest all the same.
    side.host.advance(std::chrono::milliseconds(2001));
    CHECK(side.gauges() == "3/0/0");
    CHECK(side.ask().key == 0);
    CHECK_FALSE(side.log_shows_a_key());
    CHECK(side.breaches() == "");
}

TEST_CASE("metrics see each of several rests end", "[openai][key]") {
    PoolSide side(with(kTwoMore, R"(,"key_cooldown_ms":700)"));
    side.ask(429, "Retry-After: 3\r\n");
    side.ask(429);
    side.ask(429, "Retry-After-Ms: 1500\r\n");
    CHECK(side.gauges() == "0/3/0");
    side.host.advance(std::chrono::milliseconds(701));
    CHECK(side.gauges() == "1/2/0");
    side.host.advance(std::chrono::milliseconds(800));
    CHECK(side.gauges() == "2/1/0");
    side.host.advance(std::chrono::milliseconds(1500));
    CHECK(side.gauges() == "3/0/0");
    CHECK(side.breaches() == "");
}

TEST_CASE("where all keys rest, a call is told when to come again and goes nowhere", "[openai][key]") {
    PoolSide side(kOneMore);
    side.ask(429, "Retry-After: 9\r\n");
    side.ask(429, "Retry-After: 4\r\n");
    side.host.advance(std::chrono::milliseconds(1000));
    const auto error = side.shortage();
    CHECK(error.code == "rate_limit_exceeded");
    CHECK(error.http_status == 0);
    CHECK(error.retry_after_ms == 3000);
    CHECK(error.flags == SLUICE_ERROR_UNANSWERED);
    CHECK(side.host.metrics().value("requests_total", {{"outcome", "refused"}}) == 1);
    CHECK(side.backend->models()->error());
    CHECK(side.backend->health()->word() == "ok");
    CHECK_FALSE(side.upstream.has_visitor());
    side.host.advance(std::chrono::milliseconds(3001));
    CHECK(side.ask().key == 1);
    CHECK(side.breaches() == "");
}

TEST_CASE("refused keys are retired, and the last one takes the backend down", "[openai][key]") {
    const bool is_client_key_allowed = GENERATE(true, false);
    PoolSide side(with(kOneMore, is_client_key_allowed ? "" : R"(,"allow_client_key":false)"));
    CHECK(side.ask(401).key == 0);
    CHECK(side.host.log().has(SLUICE_LOG_WARN, "the key api_key (...6789) is retired"));
    CHECK(side.gauges() == "1/0/1");
    CHECK(side.ask().key == 1);
    CHECK(side.backend->health()->word() == "ok");
    CHECK(side.ask(403).key == 1);
    CHECK(side.host.log().has(SLUICE_LOG_WARN, "the key api_keys[0] (...WXYZ) is retired"));
    CHECK(side.gauges() == "0/0/2");
    const auto error = side.shortage();
    CHECK(error.code == "upstream_error");
    CHECK(error.http_status == 0);
    CHECK(error.flags == SLUICE_ERROR_UNANSWERED);
    CHECK(error.retry_after_ms == 0);
    const auto health = side.backend->health();
    CHECK(health->word() == "keys_refused");
    CHECK(health->state() == (is_client_key_allowed ? SLUICE_HEALTH_DEGRADED : SLUICE_HEALTH_DOWN));
    CHECK_FALSE(side.log_shows_a_key());
    CHECK(side.breaches() == "");
}

TEST_CASE("a retired key is tried by one call when its time has come", "[openai][key]") {
    PoolSide side(with(kOneMore, R"(,"key_retry_ms":5000)"));
    side.ask(401);
    side.ask(401);
    side.host.advance(std::chrono::milliseconds(4999));
    side.shortage();
    side.host.advance(std::chrono::milliseconds(1));

    auto first = side.start(chat());
    Peer first_peer = side.upstream.accept();
    CHECK(key_of(first_peer.request()) == 0);
    auto second = side.start(chat());
    Peer second_peer = side.upstream.accept();
    CHECK(key_of(second_peer.request()) == 1);
    side.shortage();

    // The first leaves without an answer, the second is let in.
    first->cancel();
    first->run_to_end();
    second_peer.send(json_answer(kCompletion, 200, kClose));
    REQUIRE(second->is_finished());
    CHECK(side.gauges() == "1/0/1");
    CHECK(side.host.log().has(SLUICE_LOG_INFO, "the key api_keys[0] (...WXYZ) is used again"));
    CHECK(side.ask().key == 0);
    CHECK(side.gauges() == "2/0/0");
    CHECK(side.backend->health()->word() == "ok");
    CHECK(side.breaches() == "");
}

TEST_CASE("a trial whose upstream cannot be reached is left to the next call", "[openai][key]") {
    PoolSide side(with(kOneMore, R"(,"key_retry_ms":5000)"));
    side.ask(401);
    side.ask(401);
    side.host.advance(std::chrono::milliseconds(5000));
    auto call = side.start(chat());
    side.upstream.accept().reset();
    REQUIRE(call->error());
    CHECK(side.ask().key == 1);
    CHECK(side.ask().key == 0);
    CHECK(side.breaches() == "");
}

TEST_CASE("a client's key neither waits for the keys of the server nor tells of them", "[openai][key]") {
    PoolSide side(kOneMore);
    const auto client_asks = [&](int status) {
        return side.ask(status, {}, chat().set_header("X-OpenAI-API-Key", "sk-client-abcdefgh")).key;
    };
    for (const int status : {401, 403, 429}) CHECK(client_asks(status) == -1);
    CHECK(side.gauges() == "2/0/0");
    CHECK(side.ask(401).key == 0);
    CHECK(side.ask(401).key == 1);
    CHECK(client_asks(200) == -1);
    side.shortage();
    CHECK(side.breaches() == "");
}

TEST_CASE("the list of models takes its turn, and its answer counts", "[openai][key]") {
    PoolSide side;
    CHECK(side.ask().key == 0);
    sluice::testing::FakeModels models(side.host, true);
    side.backend->table().models(side.backend->handle(), models.raw(), &sluice::testing::FakeModels::table());
    Peer peer = side.upstream.accept();
    CHECK(key_of(peer.request()) == 1);
    peer.send(json_answer(R"({"error":{"message":"no"}})", 401, kClose));
    REQUIRE(models.is_done());
    CHECK(models.error());
    CHECK(side.gauges() == "2/0/1");
    for (const int key : {2, 0, 2}) CHECK(side.ask().key == key);
    CHECK(side.breaches() == "");
}

TEST_CASE("a key alone is always used", "[openai][key]") {
    PoolSide side("");
    for (const int status : {401, 403, 429, 200}) CHECK(side.ask(status).key == 0);
    CHECK(side.gauges() == "1/0/0");
    CHECK(side.backend->health()->word() == "ok");
    CHECK(side.host.log().lines().empty());
    CHECK(side.breaches() == "");
}

TEST_CASE("where no key is sent there is none to run short of", "[openai][key]") {
    PoolSide side(with(kOneMore, R"(,"auth":"none")"));
    for (const int status : {401, 401, 429, 200}) CHECK(side.ask(status).key == -1);
    CHECK(side.gauges() == "0/0/0");
    CHECK(side.breaches() == "");
}

TEST_CASE("every key is blotted out of answers, whichever was sent", "[openai][key]") {
    PoolSide side;
    const std::string all = std::string(kKeys[0]) + " " + kKeys[1] + " " + kKeys[2];
    auto call = side.start(chat());
    Peer peer = side.upstream.accept();
    peer.request();
    peer.send(json_answer(R"({"error":{"message":")" + all + R"("}})", 401,
                          "X-Request-ID: " + std::string(kKeys[2]) + "\r\n"));
    REQUIRE(call->is_finished());
    for (const char* key : kKeys) CHECK(call->body().find(key) == std::string::npos);
    CHECK(call->head()->header("X-Upstream-Request-ID") == std::string(std::string_view(kKeys[2]).size(), '*'));
    CHECK(side.breaches() == "");
}
