// X-RateLimit-Limit, -Remaining and -Reset.
#include "limited_gateway.hpp"

namespace sluice::ratelimit {
namespace {

std::string shown(const Visit& visit) {
    return visit.header("X-RateLimit-Limit") + " " + visit.header("X-RateLimit-Remaining") + " " +
           visit.header("X-RateLimit-Reset");
}

}  // namespace

TEST_CASE("every answer tells what is left and when the next part comes back", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"address","requests":2,"window_ms":60000}]})");
    Visit first(gateway);
    CHECK(first.passes_head());
    CHECK(shown(first) == "2 1 1700000061");  // parts last up to 1/16384 longer than the window
    gateway.host.advance(30500ms);
    Visit second(gateway);
    CHECK(second.passes_head());
    CHECK(shown(second) == "2 0 1700000061");
    Visit refused(gateway);
    CHECK(refused.head() == Verdict::kRefuse);
    CHECK(shown(refused) == "2 0 1700000061");
    CHECK(refused.message() == "Rate limit reached: 2 requests per 60 s for each address. Retry in 30 s.");
}

TEST_CASE("the headers show the limit nearest to exhaustion", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"address","requests":10,"window_ms":1000},
        {"per":"global","requests":4,"window_ms":60000},{"per":"key","concurrent":1}]})");
    Visit visit(gateway);
    CHECK(visit.passes_head());
    CHECK(shown(visit) == "4 3 1700000061");
}

TEST_CASE("limits of concurrency have no headers", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"key","concurrent":1}]})");
    Visit visit(gateway);
    CHECK(visit.passes_head());
    CHECK(shown(visit) == "none none none");
    Visit refused(gateway);
    CHECK(refused.head() == Verdict::kRefuse);
    CHECK(shown(refused) == "none none none");
}

TEST_CASE("a full limit of concurrency shows the other limit as it is after the refusal", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"address","requests":10},{"per":"key","concurrent":1}]})");
    Visit visit(gateway);
    CHECK(visit.passes_head());
    CHECK(visit.header("X-RateLimit-Remaining") == "9");
    Visit refused(gateway);
    CHECK(refused.head() == Verdict::kRefuse);
    CHECK(refused.header("X-RateLimit-Remaining") == "9");
}

TEST_CASE("the instances of a chain show the nearest of all their limits", "[ratelimit][unit]") {
    Gateway wide(R"({"limits":[{"per":"address","requests":60}]})", "wide");
    Gateway narrow(R"({"limits":[{"per":"global","requests":10}]})", "narrow");
    Visit inwards(wide);
    CHECK(inwards.head(wide) == Verdict::kContinue);
    CHECK(inwards.header("X-RateLimit-Limit") == "60");
    CHECK(inwards.head(narrow) == Verdict::kContinue);
    CHECK(inwards.header("X-RateLimit-Limit") == "10");
    Visit outwards(narrow);
    CHECK(outwards.head(narrow) == Verdict::kContinue);
    CHECK(outwards.head(wide) == Verdict::kContinue);
    CHECK(outwards.header("X-RateLimit-Limit") == "10");
    CHECK(outwards.header("X-RateLimit-Remaining") == "8");
}

TEST_CASE("the limit that was hit is shown whatever an earlier instance has shown", "[ratelimit][unit]") {
    Gateway first(R"({"limits":[{"per":"address","requests":1}]})", "first");
    Gateway second(R"({"limits":[{"per":"global","requests":1,"window_ms":1000}]})", "second");
    CHECK(Visit(second).passes_head());
    Visit visit(first);
    CHECK(visit.head(first) == Verdict::kContinue);
    CHECK(visit.exchange.attribute("ratelimit.nearest") == "0");
    CHECK(visit.head(second) == Verdict::kRefuse);
    CHECK(shown(visit) == "1 0 1700000002");
}

TEST_CASE("the nearest limit is the one of which the fewest such requests fit", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"key","tokens":1000},{"per":"model","requests":50}]})");
    FakeRequest request;
    request.set_model("m").set_body(R"({"model":"m","max_tokens":400})");
    Visit visit(gateway, std::move(request));
    CHECK(visit.passes_request());
    CHECK(visit.header("X-RateLimit-Limit") == "1000");
}

}  // namespace sluice::ratelimit
