// Limits of tokens.
#include "limited_gateway.hpp"

namespace sluice::ratelimit {
namespace {

constexpr std::string_view kThousand = R"({"limits":[{"per":"key","tokens":1000}]})";
const std::string kKey = "limits/key/tokens/60000|a:127.0.0.1";
constexpr std::uint64_t kHalf = std::uint64_t{1} << 63;

FakeRequest of(const std::string& fields, std::size_t bytes = 0) {
    std::string body = "{" + fields + (fields.empty() ? "" : ",") + "\"model\":\"m\"}";
    if (bytes > body.size()) body.insert(body.size() - 1, bytes - body.size(), ' ');
    return FakeRequest().set_model("m").set_body(body);
}

}  // namespace

TEST_CASE("tokens are estimated before and settled with the real usage", "[ratelimit][unit]") {
    Gateway gateway(kThousand);
    Visit visit(gateway, of("\"max_tokens\":300", 400));
    CHECK(visit.passes_request());
    CHECK(gateway.taken(kKey) == 400);
    visit.complete_with(80, 40);
    CHECK(gateway.taken(kKey) == 120);
    Visit more(gateway, of("", 400));
    CHECK(more.passes_request());
    more.complete_with(80, 700);
    CHECK(gateway.taken(kKey) == 900);
    CHECK(gateway.host.breaches().text() == "");
}

TEST_CASE("a usage that no request can have frees nobody's tokens", "[ratelimit][unit]") {
    const auto [prompt, completion] = GENERATE(table<std::uint64_t, std::uint64_t>(
        {{UINT64_MAX, 5}, {kHalf, 0}, {kHalf, kHalf}, {UINT64_MAX, UINT64_MAX}, {0, kHalf + 1}}));
    Gateway gateway(kThousand);
    Visit other(gateway, of("", 400));
    CHECK(other.passes_request());
    Visit absurd(gateway, of("", 800));
    CHECK(absurd.passes_request());
    absurd.complete_with(prompt, completion);
    CHECK(gateway.taken(kKey) == 100 + (std::int64_t{1} << 52));
}

TEST_CASE("the estimate stays where no usage is known", "[ratelimit][unit]") {
    Gateway gateway(kThousand);
    Visit visit(gateway, of("\"max_completion_tokens\":300", 400));
    CHECK(visit.passes_request());
    visit.complete();
    CHECK(gateway.taken(kKey) == 400);
}

TEST_CASE("requests wait for tokens to come back", "[ratelimit][unit]") {
    Gateway gateway(kThousand);
    CHECK(Visit(gateway, of("\"max_tokens\":800", 400)).passes_request());
    Visit refused(gateway, of("\"max_tokens\":800", 400));
    CHECK(refused.request() == Verdict::kRefuse);
    CHECK(refused.message() == "Rate limit reached: 1000 tokens per 60 s for each key. Retry in 61 s.");
    gateway.host.advance(60010ms);
    CHECK(Visit(gateway, of("\"max_tokens\":800", 400)).passes_request());
}

TEST_CASE("a request that can never fit is told so and consumes nothing", "[ratelimit][unit]") {
    Gateway gateway(R"({"limits":[{"per":"model","requests":9},{"per":"key","tokens":1000}]})");
    Visit visit(gateway, of("\"max_tokens\":5000", 400));
    CHECK(visit.request() == Verdict::kRefuse);
    CHECK(visit.exchange.error()->code == "rate_limit_exceeded");
    CHECK(visit.message() ==
          "Request too large: it takes about 5100 tokens, and the limit is 1000 tokens per 60 s for each key. "
          "Shorten it, or ask for a shorter answer: it will never fit.");
    CHECK(visit.header("x-should-retry") == "false");
    CHECK(visit.header("X-RateLimit-Limit") == "1000");
    CHECK(gateway.host.store().calls("take") == 0);
}

TEST_CASE("where a request does not limit its answer the configured length counts", "[ratelimit][unit]") {
    Gateway gateway(R"({"default_completion_tokens":200,"limits":[{"per":"key","tokens":100000}]})");
    CHECK(Visit(gateway, of("", 400)).passes_request());
    CHECK(gateway.taken(kKey) == 300);
    CHECK(Visit(gateway, of("\"metadata\":{\"max_tokens\":\"7\"}", 400)).passes_request());
    CHECK(gateway.taken(kKey) == 600);
    CHECK(Visit(gateway, FakeRequest().set_raw_body("some audio")).passes_request());
    CHECK(gateway.taken(kKey) == 800);
    CHECK(Visit(gateway, of("\"max_tokens\":10", 400).set_choice_count(3)).passes_request());
    CHECK(gateway.taken(kKey) == 930);
}

TEST_CASE("a request without a body counts as one token, absurd numbers as too many", "[ratelimit][unit]") {
    Gateway gateway(kThousand);
    CHECK(Visit(gateway, FakeRequest().set_method("GET")).passes_request());
    CHECK(gateway.taken(kKey) == 1);
    CHECK_FALSE(Visit(gateway, of("\"max_tokens\":9223372036854775807").set_choice_count(UINT64_MAX)).passes_request());
    CHECK(Visit(gateway, of("\"max_tokens\":-5", 40)).passes_request());
    CHECK(gateway.taken(kKey) == 11);
}

}  // namespace sluice::ratelimit
