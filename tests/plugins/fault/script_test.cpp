// Which step a request takes.
#include <catch2/catch.hpp>

#include "attempts.hpp"
#include "fault_side.hpp"
#include "script.hpp"
#include "step_text.hpp"

using namespace sluice::fault;
using namespace sluice::fault::testing;
using namespace std::chrono_literals;

namespace {

// The statuses of so many requests; 200 where none holds.
std::vector<int> statuses(FaultSide& side, int count) {
    std::vector<int> list;
    for (int request = 0; request < count; ++request) list.push_back(status_of(*side.start(chat())));
    return list;
}

std::vector<int> statuses(std::string_view script, int count) {
    FaultSide side(R"({"script":)" + std::string(script) + "}");
    const std::vector<int> list = statuses(side, count);
    CHECK(side.breaches() == "");
    return list;
}

using Statuses = std::vector<int>;

}  // namespace

TEST_CASE("each request takes the next step, and the last one holds for ever", "[fault][unit]") {
    CHECK(statuses(R"([{"status":429},{"status":500},{}])", 5) == Statuses{429, 500, 200, 200, 200});
    CHECK(statuses(R"([{"status":503}])", 4) == Statuses{503, 503, 503, 503});
}

TEST_CASE("a step holds as many times as it says, the last one too", "[fault][unit]") {
    CHECK(statuses(R"([{"status":429,"times":2},{"status":500}])", 4) == Statuses{429, 429, 500, 500});
    CHECK(statuses(R"([{"status":503,"times":2}])", 4) == Statuses{503, 503, 200, 200});
}

TEST_CASE("a script that repeats begins anew", "[fault][unit]") {
    FaultSide side(R"({"repeat":true,"script":[{"status":429},{"status":500,"times":2},{}]})");
    CHECK(statuses(side, 9) == Statuses{429, 500, 500, 200, 429, 500, 500, 200, 429});
    FaultSide single(R"({"repeat":true,"script":[{"status":503}]})");
    CHECK(statuses(single, 3) == Statuses{503, 503, 503});
}

TEST_CASE("a step holds until a time that is counted from the first request", "[fault][unit]") {
    FaultSide side(R"({"script":[{"status":503,"until_ms":60000},{"status":500},{}]})");
    side.host.advance(100s);
    CHECK(statuses(side, 3) == Statuses{503, 503, 503});
    side.host.advance(59999ms);
    CHECK(statuses(side, 1) == Statuses{503});
    side.host.advance(1ms);
    CHECK(statuses(side, 3) == Statuses{500, 200, 200});
}

TEST_CASE("a script of which no step holds any more answers well", "[fault][unit]") {
    FaultSide side(R"({"repeat":true,"script":[{"status":503,"until_ms":10},{"status":500,"until_ms":20}]})");
    CHECK(statuses(side, 1) == Statuses{503});
    side.host.advance(15ms);
    CHECK(statuses(side, 1) == Statuses{500});
    side.host.advance(15ms);
    CHECK(statuses(side, 2) == Statuses{200, 200});
}

TEST_CASE("a scenario of several steps is a part of the script", "[fault][unit]") {
    CHECK(statuses(R"([{"scenario":"rate_limited_once","times":2},{"status":503}])", 5) ==
          Statuses{429, 429, 200, 503, 503});
}

TEST_CASE("a share hits that part of the requests, the same ones with the same seed", "[fault][unit]") {
    const auto of_seed = [](int seed) {
        FaultSide side(R"({"script":[{"status":503,"share":0.1}],"seed":)" + std::to_string(seed) + "}");
        return statuses(side, 1000);
    };
    const Statuses first = of_seed(7);
    const auto hit = std::count(first.begin(), first.end(), 503);
    CHECK(hit > 60);
    CHECK(hit < 140);
    CHECK(first == of_seed(7));
    CHECK(first != of_seed(8));
    CHECK(statuses(R"([{"status":503,"share":0}])", 3) == Statuses{200, 200, 200});
}

TEST_CASE("a request that its share spares has taken its step", "[fault][unit]") {
    CHECK(statuses(R"([{"status":503,"share":0},{"status":500},{}])", 3) == Statuses{200, 500, 200});
}

TEST_CASE("attempts of the newest requests are remembered, older ones begin anew", "[fault][unit]") {
    Attempts attempts;
    attempts.of("first").step = 3;
    for (std::size_t i = 1; i < Attempts::kMaxRequests; ++i) attempts.of(std::to_string(i)).step = i;
    CHECK(attempts.of("first").step == 3);
    attempts.of("one more");
    CHECK(attempts.of("7").step == 7);
    CHECK(attempts.of("first").step == 0);
}

TEST_CASE("a step that does not make sense refuses the configuration with its path", "[fault][unit]") {
    const auto [step, problem] = GENERATE(table<std::string, std::string>({
        {R"({"status":503,"fault":"cut"})", "script[1]: found status beside fault cut, expected one of them"},
        {R"({"retry_after":2})", "script[1]: found retry_after beside fault none, expected it beside status or error"},
        {R"({"scenario":"ok","retry_after":2})",
         "script[1]: found retry_after beside scenario ok, which has no fault that it could change"},
        {R"({"status":503,"after":2})",
         "script[1]: found after beside fault status, expected it beside a fault that comes behind tokens"},
        {R"({"status":503,"times":2,"until_ms":5})", "script[1]: found times and until_ms, expected one of them"},
        {R"({"fault":"cut","error":"server"})",
         "script[1]: found error beside fault cut, expected it alone, or beside status or fault error_event"},
        {R"({"fault":"error_event","error":"html"})",
         "script[1]: found error html beside fault error_event, expected an error that is JSON"},
    }));
    CHECK_THROWS_WITH(FaultSide(R"({"script":[{},)" + step + "]}"), problem);
}
