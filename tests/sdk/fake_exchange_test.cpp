#include "sluice/testing/fake_exchange.hpp"
#include "sluice/cpp/exchange.hpp"

#include <catch2/catch.hpp>

#include <string>

using sluice::to_str;
using sluice::testing::FakeExchange;
using sluice::testing::FakeHost;
using sluice::testing::FakeRequest;

namespace {

struct Fixture {
    FakeHost host;
    FakeExchange exchange{host, FakeRequest::chat("m", "hi")};
    const sluice_exchange_api& api = FakeExchange::table();
};

}  // namespace

TEST_CASE("on_head sees neither body nor model, on_request sees both", "[sdk][unit]") {
    Fixture f;
    f.exchange.enter(FakeExchange::Phase::kHead);
    CHECK(f.api.request(f.exchange.raw())->body.len == 0);
    CHECK(f.api.request(f.exchange.raw())->model.len == 0);
    f.exchange.enter(FakeExchange::Phase::kRequest);
    CHECK(f.api.request(f.exchange.raw())->body.len > 0);
    CHECK(sluice::to_view(f.api.request(f.exchange.raw())->model) == "m");
}

TEST_CASE("headers that fit no header line are refused", "[sdk][unit]") {
    Fixture f;
    for (const char* name : {"", "a b", "a:b", "\xC3\xA9"}) {
        CHECK(f.api.set_request_header(f.exchange.raw(), to_str(name), to_str("v")) == SLUICE_E_INVALID);
    }
    CHECK(f.api.set_request_header(f.exchange.raw(), to_str("x-a"), to_str("a\r\nb: c")) == SLUICE_E_INVALID);
    CHECK(f.api.set_response_header(f.exchange.raw(), to_str("x-a"), to_str("a\nb")) == SLUICE_E_INVALID);
    CHECK(f.exchange.request_changes().empty());
}

TEST_CASE("a body is replaced in on_request only, by a JSON object", "[sdk][unit]") {
    Fixture f;
    f.exchange.enter(FakeExchange::Phase::kHead);
    CHECK(f.api.set_body(f.exchange.raw(), to_str("{}")) == SLUICE_E_STATE);
    f.exchange.enter(FakeExchange::Phase::kRequest);
    CHECK(f.api.set_body(f.exchange.raw(), to_str("[]")) == SLUICE_E_INVALID);
    CHECK(f.api.set_body(f.exchange.raw(), to_str("{\"a\":1}")) == SLUICE_OK);
    CHECK(f.exchange.new_body() == "{\"a\":1}");
    CHECK(sluice::to_view(f.api.request(f.exchange.raw())->body) == "{\"a\":1}");
    f.exchange.enter(FakeExchange::Phase::kChunk);
    CHECK(f.api.set_body(f.exchange.raw(), to_str("{}")) == SLUICE_E_STATE);
    CHECK(f.host.breaches().mention("set_body() came too late"));
}

TEST_CASE("changes that come too late are breaches", "[sdk][unit]") {
    Fixture f;
    f.exchange.enter(FakeExchange::Phase::kResponse);
    CHECK(f.api.set_request_header(f.exchange.raw(), to_str("a"), to_str("b")) == SLUICE_E_STATE);
    f.exchange.enter(FakeExchange::Phase::kChunk);
    CHECK(f.api.set_response_header(f.exchange.raw(), to_str("a"), to_str("b")) == SLUICE_E_STATE);
    CHECK(f.host.breaches().list().size() == 2);
}

TEST_CASE("attributes are limited in number and size", "[sdk][unit]") {
    Fixture f;
    for (std::size_t i = 0; i < FakeExchange::kMaxAttributes; ++i) {
        CHECK(f.api.set_attribute(f.exchange.raw(), to_str("n" + std::to_string(i)), to_str("v")) == SLUICE_OK);
    }
    CHECK(f.api.set_attribute(f.exchange.raw(), to_str("one more"), to_str("v")) == SLUICE_E_INVALID);
    CHECK(f.api.set_attribute(f.exchange.raw(), to_str("n0"), to_str(std::string(1025, 'x'))) == SLUICE_E_INVALID);
    CHECK(f.api.set_attribute(f.exchange.raw(), to_str("n0"), to_str("new")) == SLUICE_OK);
    CHECK(f.exchange.attribute("n0") == "new");
    CHECK(f.api.attribute(f.exchange.raw(), to_str("unknown")).len == 0);
}

TEST_CASE("resuming twice or without a pending verdict is a breach", "[sdk][unit]") {
    Fixture f;
    f.exchange.enter(FakeExchange::Phase::kHead);
    CHECK(f.api.resume(f.exchange.raw(), SLUICE_CONTINUE) == SLUICE_OK);
    CHECK(f.api.resume(f.exchange.raw(), SLUICE_CONTINUE) == SLUICE_E_STATE);
    CHECK(f.host.breaches().mention("resume() was called twice"));
    f.host.breaches().clear();
    f.exchange.settle(SLUICE_CONTINUE);
    CHECK(f.host.breaches().mention("was not pending"));
}

TEST_CASE("a client that leaves a pending exchange is told to it once, on the loop", "[sdk][unit]") {
    Fixture f;
    int told = 0;
    f.exchange.enter(FakeExchange::Phase::kHead);
    f.api.on_cancel(
        f.exchange.raw(), [](void* ctx) { ++*static_cast<int*>(ctx); }, &told);
    f.exchange.cancel();
    CHECK(told == 0);
    f.host.loop().run_ready();
    f.exchange.cancel();
    f.host.loop().run_ready();
    CHECK(told == 1);
}

TEST_CASE("a client that leaves upon resume() is told to whoever has not forgotten it", "[sdk][unit]") {
    for (const bool is_forgotten : {false, true}) {
        Fixture f;
        int told = 0;
        f.exchange.enter(FakeExchange::Phase::kHead);
        f.exchange.cancel_upon_resume();
        f.api.on_cancel(
            f.exchange.raw(), [](void* ctx) { ++*static_cast<int*>(ctx); }, &told);
        sluice::Exchange exchange(f.exchange.raw(), &f.api);
        if (is_forgotten) exchange.forget_cancel();
        exchange.resume(sluice::Verdict::kContinue);
        CHECK(told == (is_forgotten ? 0 : 1));
    }
}
