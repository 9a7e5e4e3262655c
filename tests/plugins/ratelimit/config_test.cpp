// What a configuration may say.
#include "config.hpp"

#include "limited_gateway.hpp"

namespace sluice::ratelimit {
namespace {

Limit limit_of(const std::string& json) { return parse_config("{\"limits\":[" + json + "]}").limits.at(0); }

}  // namespace

TEST_CASE("a configuration is read with its defaults", "[ratelimit][unit]") {
    const Config config = parse_config(R"({"limits":[{"per":"address","requests":60}]})");
    CHECK(config.store_namespace == "ratelimit");
    CHECK_FALSE(config.refuses_when_store_fails);
    CHECK(config.ipv6_prefix_bits == 64);
    CHECK(config.limits.at(0).measure.time == 60s);
    const Limit slots = limit_of(R"({"per":"key","concurrent":5})");
    CHECK(slots.measure.count == 5);
    CHECK(slots.measure.time == 30s);
    CHECK(slots.queue_time == 0ms);
    CHECK(slots.queue_length == 100);
}

TEST_CASE("a bucket's rate is the time of one token", "[ratelimit][unit]") {
    CHECK(limit_of(R"({"per":"key","bucket":{"per_second":10}})").measure.time == 100ms);
    CHECK(limit_of(R"({"per":"key","bucket":{"per_second":10}})").measure.count == 10);
    CHECK(limit_of(R"({"per":"key","bucket":{"per_minute":30,"burst":5}})").measure.time == 2s);
    CHECK(limit_of(R"({"per":"key","bucket":{"per_second":0.5}})").measure.count == 1);
    CHECK(limit_of(R"({"per":"key","bucket":{"per_second":0.5}})").rate == "0.5 requests per second");
}

TEST_CASE("a limit has a name that tells it from all others", "[ratelimit][unit]") {
    CHECK(limit_of(R"({"per":"address","requests":60})").name() == "address/requests/60000");
    CHECK(limit_of(R"({"per":"key","concurrent":5})").name() == "key/concurrent");
    CHECK(limit_of(R"({"per":"model","tokens":5,"window_ms":1,"models":["a*","b"]})").name() == "model/tokens/1/a*,b");
}

TEST_CASE("what contradicts itself is refused by its path", "[ratelimit][unit]") {
    const auto [limits, problem] = GENERATE(table<std::string, std::string>({
        {R"({"per":"key"})", "limits[0]: found no limit, expected one of requests, bucket, concurrent and tokens"},
        {R"({"per":"key","requests":1,"tokens":1})", "limits[0]: found requests and tokens, expected one of them"},
        {R"({"per":"key","concurrent":1,"window_ms":5})",
         "limits[0]: found window_ms, expected it only beside requests or tokens"},
        {R"({"per":"key","requests":1,"queue_ms":5})", "limits[0]: found queue_ms, expected it only beside concurrent"},
        {R"({"per":"key","bucket":{}})",
         "limits[0].bucket: found neither of per_second and per_minute, expected one of them"},
        {R"({"per":"key","bucket":{"per_second":1,"per_minute":1}})",
         "limits[0].bucket: found both of per_second and per_minute, expected one of them"},
        {R"({"per":"key","requests":1},{"per":"key","requests":2})",
         "limits[1]: found the kind, subject and window of limits[0] again, expected one limit of each"},
    }));
    CHECK_THROWS_WITH(Gateway("{\"limits\":[" + limits + "]}"), problem);
}

TEST_CASE("limits differ by their models", "[ratelimit][unit]") {
    CHECK_NOTHROW(Gateway(R"({"limits":[{"per":"key","requests":1,"models":["a"]},
        {"per":"key","requests":2,"models":["b"]},{"per":"key","requests":2}]})"));
}

}  // namespace sluice::ratelimit
