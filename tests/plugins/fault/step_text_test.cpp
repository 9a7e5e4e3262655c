// Steps as text, their options, and the scenarios.
#include <catch2/catch.hpp>

#include <simdjson.h>
#include <fstream>
#include <iterator>

#include "config_schema.hpp"
#include "scenario.hpp"
#include "step_option.hpp"
#include "step_text.hpp"

using namespace sluice::fault;
using namespace std::chrono_literals;

namespace {

std::string problem_of(std::string_view text) {
    try {
        read_steps(text, "primary");
    } catch (const StepProblem& problem) {
        return problem.what();
    }
    return "no problem";
}

}  // namespace

TEST_CASE("a step has all that its text says", "[fault][unit]") {
    const auto steps = read_steps(" fault=cut ; after=3;share=0.25;times=4 , status=503;retry_after=2;head_ms=9", "");
    REQUIRE(steps.size() == 2);
    CHECK(steps[0].fault == Fault::kCut);
    CHECK(steps[0].after == 3);
    CHECK(steps[0].share == 0.25);
    CHECK(steps[0].times == 4u);
    CHECK(steps[1].fault == Fault::kStatus);
    CHECK(steps[1].status == 503);
    CHECK(steps[1].retry_after == 2u);
    CHECK(steps[1].head == 9ms);
}

TEST_CASE("options beside a scenario change its faults, and the pace of all its steps", "[fault][unit]") {
    const auto steps = read_steps("rate_limited_once;retry_after=5;times=2;tokens=7", "");
    REQUIRE(steps.size() == 2);
    CHECK(steps[0].status == 429);
    CHECK(steps[0].retry_after == 5u);
    CHECK(steps[0].times == 2u);
    CHECK(steps[1].fault == Fault::kNone);
    CHECK_FALSE(steps[1].retry_after);
    CHECK_FALSE(steps[1].times);
    CHECK(steps[1].tokens == 7u);
    CHECK(read_steps("slow_first_token;times=1", "")[0].times == 1u);
}

TEST_CASE("steps for another instance are checked and left out", "[fault][unit]") {
    const std::string_view text = "at=primary;status=503, at=fallback;prefill_refused, reset";
    const auto steps = read_steps(text, "primary");
    REQUIRE(steps.size() == 2);
    CHECK(steps[0].status == 503);
    CHECK(steps[1].fault == Fault::kReset);
    CHECK(read_steps("at=fallback;cut", "primary").empty());
    CHECK(problem_of("at=fallback;cutt") != "no problem");
}

TEST_CASE("what is wrong with a text is named with what was expected", "[fault][unit]") {
    const auto [text, problem] = GENERATE(table<std::string, std::string>({
        {"", "step 1: found nothing, expected a scenario or an option as name=value"},
        {"ok,", "step 2: found nothing, expected a scenario or an option as name=value"},
        {"cut;;after=1", "step 1: found nothing, expected a scenario or an option as name=value"},
        {"cut reset", "step 1: found the scenario \"cut reset\", expected one of ok, rate_limited_once, "},
        {"cut;reset", "step 1: found the scenarios \"cut\" and \"reset\", expected one (commas stand between steps)"},
        {"statsu=503", "step 1: found the option \"statsu\", expected one of fault, status, error, "},
        {"status=", "step 1: status: found \"\", expected a whole number from 400 to 599"},
        {"status=200", "step 1: status: found \"200\", expected a whole number from 400 to 599"},
        {"status=5e2", "step 1: status: found \"5e2\", expected a whole number from 400 to 599"},
        {"status=+503", "step 1: status: found \"+503\", expected a whole number from 400 to 599"},
        {"tokens=99999999999999999999", "step 1: tokens: found \"99999999999999999999\", expected a whole number from"},
        {"cut;share=1.5", "step 1: share: found \"1.5\", expected a number from 0 to 1"},
        {"cut;share=nan", "step 1: share: found \"nan\", expected a number from 0 to 1"},
        {"fault=status", "step 1: fault: found \"status\", expected one of none, refused, reset, "},
        {"error=bad", "step 1: error: found \"bad\", expected one of by_status, rate_limit, "},
        {"reset;when=never", "step 1: when: found \"never\", expected always or prefill"},
    }));
    CHECK_THAT(problem_of(text), Catch::StartsWith(problem));
}

TEST_CASE("a text is bounded in bytes and in steps", "[fault][unit]") {
    CHECK(problem_of(std::string(1025, ' ')) == "found 1025 bytes, expected at most 1024");
    std::string many = "ok";
    for (int step = 1; step < 32; ++step) many += ",ok";
    CHECK(problem_of(many) == "no problem");
    CHECK(problem_of(many + ",ok") == "step 33: expected at most 32 steps");
}

TEST_CASE("every scenario can be read", "[fault][unit]") {
    for (const Scenario& scenario : scenarios()) {
        INFO(scenario.name);
        CHECK(problem_of(scenario.name) == "no problem");
    }
}

TEST_CASE("the schema has the options, ranges and words of the steps", "[fault][unit]") {
    simdjson::dom::parser parser;
    const simdjson::padded_string schema(kConfigSchema);
    const simdjson::dom::object properties = parser.parse(schema)["properties"]["script"]["items"]["properties"];
    CHECK(properties.size() == step_options().size() + 1);
    for (const StepOption& option : step_options()) {
        INFO(option.name);
        const simdjson::dom::element property = properties[option.name];
        if (option.kind != StepOption::Kind::kWord) {
            CHECK(double(property["minimum"]) == double(option.least));
            CHECK(double(property["maximum"]) == double(option.most));
            continue;
        }
        for (const simdjson::dom::element word : simdjson::dom::array(property["enum"])) {
            Step step;
            CHECK_NOTHROW(option.set(step, std::string_view(word)));
        }
    }
    CHECK(simdjson::dom::array(properties["fault"]["enum"]).size() == kFaultNames.size() - 1);
    CHECK(simdjson::dom::array(properties["error"]["enum"]).size() == kErrorKinds);
    std::vector<std::string_view> known;
    for (const simdjson::dom::element name : simdjson::dom::array(properties["scenario"]["enum"])) {
        known.push_back(std::string_view(name));
    }
    std::vector<std::string_view> names;
    for (const Scenario& scenario : scenarios()) names.push_back(scenario.name);
    CHECK(known == names);
}

TEST_CASE("the README describes every scenario, option and fault", "[fault][unit]") {
    std::ifstream file(FAULT_README);
    const std::string readme{std::istreambuf_iterator<char>(file), {}};
    for (const Scenario& scenario : scenarios()) {
        const std::string steps = scenario.steps.empty() ? "" : "`" + std::string(scenario.steps) + "`";
        CHECK_THAT(readme, Catch::Contains("| `" + std::string(scenario.name) + "` | " + steps +
                                           (steps.empty() ? "" : " ") + "|"));
    }
    for (const StepOption& option : step_options()) {
        CHECK_THAT(readme, Catch::Contains("| `" + std::string(option.name) + "` |"));
    }
    for (const std::string_view name : kFaultNames) {
        if (name != "status") CHECK_THAT(readme, Catch::Contains("| `" + std::string(name) + "` |"));
    }
    for (const ErrorText& error : kErrorTexts) CHECK_THAT(readme, Catch::Contains("`" + std::string(error.name) + "`"));
}
