// What each kind of limit lets through.
#include "limited_gateway.hpp"

namespace sluice::ratelimit {
namespace {

constexpr std::string_view kThreeAMinute = R"({"limits":[{"per":"address","requests":3,"window_ms":60000}]})";

}  // namespace

TEST_CASE("a sliding window lets the configured number through and refuses the next", "[ratelimit][unit]") {
    Gateway gateway(kThreeAMinute);
    for (int i = 0; i < 3; ++i) CHECK(Visit(gateway).passes_head());
    Visit refused(gateway);
    CHECK(refused.head() == Verdict::kRefuse);
    CHECK(refused.exchange.error()->code == "rate_limit_exceeded");
    CHECK(refused.message() == "Rate limit reached: 3 requests per 60 s for each address. Retry in 61 s.");  // 60.004
    CHECK(refused.exchange.error()->retry_after_ms >= 60000);
    CHECK(Visit(gateway, "10.0.0.2").passes_head());
    CHECK(gateway.host.metrics().value("requests_refused_total", {{"limit", "address/requests/60000"}}) == 1);
    CHECK(gateway.host.breaches().text() == "");
}

TEST_CASE("a window slides: each request comes back on its own", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"address","requests":2,"window_ms":1000}]})");
    CHECK(Visit(gateway).passes_head());
    gateway.host.advance(600ms);
    CHECK(Visit(gateway).passes_head());
    CHECK_FALSE(Visit(gateway).passes_head());
    gateway.host.advance(401ms);
    CHECK(Visit(gateway).passes_head());
    CHECK_FALSE(Visit(gateway).passes_head());
}

TEST_CASE("a refused request consumes nothing", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"address","requests":5},{"per":"global","requests":1,"window_ms":1000}]})");
    CHECK(Visit(gateway).passes_head());
    for (int i = 0; i < 10; ++i) CHECK_FALSE(Visit(gateway).passes_head());
    CHECK(gateway.taken("limits/address/requests/60000|127.0.0.1") == 1);
    CHECK(gateway.taken("limits/global/requests/1000|") == 1);
}

TEST_CASE("what a request took stays taken however it ends", "[ratelimit][unit]") {
    Gateway gateway(kThreeAMinute);
    {
        Visit failed(gateway);
        CHECK(failed.passes_head());
    }
    CHECK(gateway.taken("limits/address/requests/60000|127.0.0.1") == 1);
}

TEST_CASE("a token bucket lets a burst through and then refills", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"address","bucket":{"per_second":2,"burst":3}}]})");
    for (int i = 0; i < 3; ++i) CHECK(Visit(gateway).passes_head());
    Visit refused(gateway);
    CHECK(refused.head() == Verdict::kRefuse);
    CHECK(refused.message() ==
          "Rate limit reached: 2 requests per second and at most 3 at once for each address. Retry in 1 s.");
    gateway.host.advance(501ms);
    CHECK(Visit(gateway).passes_head());
    CHECK_FALSE(Visit(gateway).passes_head());
}

TEST_CASE("a slot is freed when its request is over", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"key","concurrent":2}]})");
    Visit first(gateway);
    Visit second(gateway);
    CHECK(first.passes_head());
    CHECK(second.passes_head());
    Visit third(gateway);
    CHECK(third.head() == Verdict::kRefuse);
    CHECK(third.message() == "Rate limit reached: 2 requests at a time for each key. Retry in 1 s.");
    CHECK(third.exchange.error()->retry_after_ms == 1000);
    third.complete();
    CHECK(gateway.taken("limits/key/concurrent|a:127.0.0.1") == 2);
    first.complete();
    CHECK(gateway.taken("limits/key/concurrent|a:127.0.0.1") == 1);
    CHECK(Visit(gateway).passes_head());
}

TEST_CASE("a slot taken beside a limit that refuses is given back", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"key","concurrent":5},{"per":"key","requests":1}]})");
    Visit first(gateway);
    CHECK(first.passes_head());
    Visit second(gateway);
    CHECK(second.head() == Verdict::kRefuse);
    CHECK(gateway.taken("limits/key/concurrent|a:127.0.0.1") == 1);
    second.complete();
    CHECK(gateway.taken("limits/key/concurrent|a:127.0.0.1") == 1);
}

TEST_CASE("a limit of 0 is off", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"address","requests":0},{"per":"key","concurrent":0},
        {"per":"global","bucket":{"per_second":0}}]})");
    for (int i = 0; i < 100; ++i) CHECK(Visit(gateway).passes_head());
    CHECK(gateway.host.store().calls("take") == 0);
}

TEST_CASE("of several limits that refuse the one with the longest wait is named", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"address","requests":1,"window_ms":1000},
        {"per":"global","requests":1,"window_ms":30000}]})");
    CHECK(Visit(gateway).passes_head());
    Visit refused(gateway);
    CHECK(refused.head() == Verdict::kRefuse);
    CHECK(refused.message() == "Rate limit reached: 1 request per 30 s for all clients together. Retry in 31 s.");
}

TEST_CASE("limits that need the body are checked when it is there", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"model","requests":1},{"per":"global","requests":2,"models":["gpt-4*"]}]})");
    const auto passes = [&gateway](std::string_view model) {
        Visit visit(gateway, FakeRequest::chat(model, "hello"));
        return visit.passes_head() && visit.passes_request();
    };
    CHECK(passes("gpt-4o"));
    CHECK_FALSE(passes("gpt-4o"));
    CHECK(passes("gpt-4.1"));
    CHECK_FALSE(passes("gpt-4-turbo"));
    CHECK(passes("o3"));
    // A request without a model has nothing that could be counted.
    Visit plain(gateway);
    CHECK(plain.passes_request());
}

TEST_CASE("instances of different names do not share, gateways of the same configuration do", "[ratelimit][unit]") {
    Gateway gateway(kThreeAMinute, "address-limit");
    CHECK(Visit(gateway).passes_head());
    CHECK(gateway.host.store().quota_keys("ratelimit") ==
          std::vector<std::string>{"address-limit/address/requests/60000|127.0.0.1"});
}

}  // namespace sluice::ratelimit
