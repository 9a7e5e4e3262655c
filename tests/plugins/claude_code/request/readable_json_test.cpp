#include "request/readable_json.hpp"

#include <catch2/catch.hpp>

#include "reading.hpp"

using sluice::claude_code::readable_json;
using namespace sluice::claude_code::testing;

TEST_CASE("numbers no machine type holds become the nearest, others stay", "[claude_code][unit]") {
    CHECK(readable_json(R"([1e999,-1e999,1e-999,1.5,123,"1e999"])") ==
          R"([1.7976931348623157e+308,-1.7976931348623157e+308,0e+00,1.5,123,"1e999"])");
    CHECK(readable_json("[123456789012345678901234567890]") == "[1.2345678901234568e+29]");
}

TEST_CASE("a text cut between two code units can be asked, with all other values as they are", "[claude_code][unit]") {
    const auto request = read(
        R"({"model":"opus","temperature":0.30000000000000004,"messages":[{"role":"user","content":"a\ud83d"}]})", kAll);
    CHECK(request.messages.at(0).parts.at(0).text == "a\xEF\xBF\xBD");
    CHECK(request.extra_body == R"({"temperature":0.30000000000000004})");
    CHECK(refusal(with(R"("seed":123456789012345678901234567890)")) == "accepted");
}
