// Limits that belong to a key.
#include "limited_gateway.hpp"

namespace sluice::ratelimit {
namespace {

int passing(Gateway& gateway, std::string_view key, std::string_view limits, int tries = 20) {
    int count = 0;
    for (int i = 0; i < tries; ++i) {
        Visit visit(gateway);
        visit.exchange.set_attribute("key.id", std::string(key));
        visit.exchange.set_attribute("key.limits", std::string(limits));
        count += visit.passes_head() ? 1 : 0;
    }
    return count;
}

}  // namespace

TEST_CASE("the limits of a key replace those of the configuration", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"key","requests":2}]})");
    CHECK(passing(gateway, "ann", "requests=5/60000") == 5);
    CHECK(passing(gateway, "bob", "") == 2);
    CHECK(passing(gateway, "eve", "requests=0/60000") == 20);
    CHECK(passing(gateway, "dan", "nonsense") == 2);
    CHECK(passing(gateway, "fay", "concurrent=1") == 2);
}

TEST_CASE("the window of a key replaces the configured one", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"key","requests":2}]})");
    CHECK(passing(gateway, "ann", "requests=3/1000") == 3);
    gateway.host.advance(1001ms);
    CHECK(passing(gateway, "ann", "requests=3/1000") == 3);
}

TEST_CASE("a key's limit replaces several of its kind by one", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"key","requests":2,"window_ms":1000},{"per":"key","requests":4}]})");
    CHECK(passing(gateway, "ann", "requests=7/60000") == 7);
}

TEST_CASE("a key's limits add nothing where the instance has none of that kind", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"address","requests":4},{"per":"key","bucket":{"per_second":1,"burst":3}}]})");
    CHECK(passing(gateway, "ann", "requests=1/60000 concurrent=0") == 3);
}

TEST_CASE("a key may have a limit that is switched off for others", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"key","concurrent":0}]})");
    Visit first(gateway);
    first.exchange.set_attribute("key.limits", "concurrent=1");
    CHECK(first.passes_head());
    Visit second(gateway);
    second.exchange.set_attribute("key.limits", "concurrent=1");
    CHECK(second.head() == Verdict::kRefuse);
    CHECK(second.message() == "Rate limit reached: 1 request at a time for each key. Retry in 1 s.");
}

}  // namespace sluice::ratelimit
