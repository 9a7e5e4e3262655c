#include "app/explain_command.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace sluice;
using observability::ExplainRing;

namespace {

using Words = std::vector<std::string>;

void keep(ExplainRing& ring, const std::string& id, int status) {
    observability::RequestRecord record;
    record.request_id = id;
    record.status = status;
    ring.keep(record);
}

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
    return found;
}

}  // namespace

TEST_CASE("explain tells of a request by its id, as text and as JSON", "[app][unit]") {
    ExplainRing ring(10);
    keep(ring, "good", 200);
    keep(ring, "bad", 502);
    const auto text = app::explain(ring, {"good"});
    CHECK(text.exit_code == 0);
    CHECK(text.output.starts_with("request good"));
    CHECK(text.output.find("bad") == std::string::npos);
    for (const Words& words : {Words{"good", "--json"}, Words{"--json", "good"}, Words{"--json", "--", "good"}}) {
        const auto json = app::explain(ring, words);
        CHECK(json.output.find(R"("request_id":"good")") != std::string::npos);
        CHECK(count(json.output, "\n") == 1);
    }
}

TEST_CASE("explain tells of all requests with one id, newest first", "[app][unit]") {
    ExplainRing ring(10);
    keep(ring, "same", 200);
    keep(ring, "same", 502);
    const std::string text = app::explain(ring, {"same"}).output;
    CHECK(text.find("status 502") < text.find("status 200"));
    CHECK(count(app::explain(ring, {"same", "--json"}).output, "\n") == 2);
}

TEST_CASE("explain of an unknown id says how many requests are kept", "[app][unit]") {
    ExplainRing ring(3);
    keep(ring, "a", 200);
    keep(ring, "b", 200);
    const auto outcome = app::explain(ring, {"c"});
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.output.empty());
    CHECK(outcome.errors ==
          "sluice explain: found no request \"c\" that has ended among the last 2 (explain.requests: 3)\n");
}

TEST_CASE("explain without a ring says that nothing is kept", "[app][unit]") {
    ExplainRing ring(0);
    for (const Words& words : {Words{"c"}, Words{"--failed"}}) {
        const auto outcome = app::explain(ring, words);
        CHECK(outcome.exit_code == 1);
        CHECK(outcome.errors == "sluice explain: no requests are kept (explain.requests is 0)\n");
    }
}

TEST_CASE("explain lists the last requests that failed, ten unless told otherwise", "[app][unit]") {
    ExplainRing ring(40);
    CHECK(app::explain(ring, {"--failed"}).output == "none of the last 0 requests failed\n");
    CHECK(app::explain(ring, {"--failed", "--json"}).output.empty());
    for (int i = 0; i < 12; ++i) keep(ring, "bad-" + std::to_string(i), 500);
    keep(ring, "good", 200);
    CHECK(count(app::explain(ring, {"--failed"}).output, "request bad-") == 10);
    const auto two = app::explain(ring, {"--failed", "2"});
    CHECK(two.exit_code == 0);
    CHECK(count(two.output, "request bad-") == 2);
    CHECK(two.output.starts_with("request bad-11"));
    CHECK(count(app::explain(ring, {"--failed", "3", "--json"}).output, "\n") == 3);
}

TEST_CASE("explain refuses words it does not know", "[app][unit]") {
    ExplainRing ring(3);
    for (const Words& words : {Words{}, Words{""}, Words{"--json"}, Words{"a", "b"}, Words{"--failed", "0"},
                               Words{"--failed", "x"}, Words{"--failed", "1001"}, Words{"--failed", "1", "2"},
                               Words{"--fail"}, Words{"-1"}, Words{"--"}, Words{"--", ""}}) {
        const auto outcome = app::explain(ring, words);
        CHECK(outcome.exit_code == 2);
        CHECK(outcome.errors.find("expected REQUEST_ID or --failed [1..1000]") != std::string::npos);
    }
}
