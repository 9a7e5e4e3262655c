// A request that chooses its fault.
#include <catch2/catch.hpp>

#include "fault_side.hpp"

using namespace sluice::fault::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kObeys = R"({"tokens":5,"header":true,"script":[{"status":500,"times":1},{}]})";

}  // namespace

TEST_CASE("a header chooses in place of the script, which stays where it is", "[fault][unit]") {
    FaultSide side(kObeys);
    const auto call = side.start(asking("status=503;retry_after=2;times=1, ok"));
    CHECK(status_of(*call) == 503);
    CHECK(call->head()->header("retry-after") == "2");
    CHECK(status_of(*side.start(chat())) == 500);
    CHECK(status_of(*side.start(chat())) == 200);
    CHECK(side.breaches() == "");
}

TEST_CASE("the attempts of one request take the steps of its header one after the other", "[fault][unit]") {
    FaultSide side(kObeys);
    const auto attempt = [&](std::string_view id) {
        return status_of(*side.start(asking("rate_limited_once;times=2").set_request_id(id)));
    };
    CHECK(attempt("a") == 429);
    CHECK(attempt("b") == 429);
    CHECK(attempt("a") == 429);
    CHECK(attempt("a") == 200);
    CHECK(attempt("b") == 429);
    CHECK(attempt("a") == 200);
    CHECK(attempt("b") == 200);
}

TEST_CASE("a header names the instance it is for", "[fault][unit]") {
    FaultSide side(kObeys);
    CHECK(status_of(*side.start(asking("at=primary;status=503"))) == 503);
    CHECK(status_of(*side.start(asking("at=fallback;status=503"))) == 200);
}

TEST_CASE("a wrong header is refused with what was found and what was expected", "[fault][unit]") {
    FaultSide side(kObeys);
    const auto call = side.start(asking("status=abc"));
    REQUIRE(call->error());
    CHECK(call->error()->code == "invalid_header_value");
    CHECK(call->error()->http_status == 0);
    CHECK(call->error()->message ==
          "X-Sluice-Fault: step 1: status: found \"abc\", expected a whole number from 400 to 599");
    CHECK_FALSE(call->head());
    CHECK(status_of(*side.start(chat())) == 500);
    CHECK(side.breaches() == "");
}

TEST_CASE("a header holds until a time that is counted from the first request", "[fault][unit]") {
    FaultSide side(R"({"header":true})");
    const auto ask = [&] { return side.start(asking("down;until_ms=1000")); };
    CHECK(ask()->error()->code == "upstream_error");
    side.host.advance(999ms);
    CHECK(ask()->error());
    side.host.advance(1ms);
    CHECK(ask()->is_finished());
}

TEST_CASE("a share in headers is drawn with the seed, too", "[fault][unit]") {
    const auto of_seed = [](int seed) {
        FaultSide side(R"({"header":true,"seed":)" + std::to_string(seed) + "}");
        std::string drawn;
        for (int request = 0; request < 100; ++request) {
            drawn += side.start(asking("reset;share=0.5").set_request_id(std::to_string(request)))->error() ? 'x' : '.';
        }
        return drawn;
    };
    CHECK(of_seed(1) == of_seed(1));
    CHECK(of_seed(1) != of_seed(2));
}
