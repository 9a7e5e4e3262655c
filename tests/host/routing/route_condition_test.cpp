#include "routing/route_condition.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sluice;
using routing::Condition;

namespace {

config::ValueMatch one_of(std::string name, std::vector<std::string> values) {
    return {std::move(name), config::ValueTest::kIn, std::move(values), true};
}

struct Stage {
    Stage() {
        match.header = one_of("X-Pick", {"yes", "sure"});
        match.attribute = one_of("key.id", {"k1"});
        match.path = "/v1/chat/*";
        match.method = "POST";
        match.model = "gpt-*";
        request.set_header("X-Pick", "YES");
        attributes.set("key.id", "k1");
        request.path = "/v1/chat/completions";
        request.method = "POST";
        request.model = "gpt-4o";
    }
    Condition unmet() const { return routing::first_unmet(match, request, attributes); }
    routing::ConditionFact fact(Condition condition) const {
        return routing::fact_of(condition, match, request, attributes);
    }
    config::RouteMatch match;
    http::Request request;
    http::Attributes attributes;
};

}  // namespace

TEST_CASE("of a route's conditions the first that is not met is told, with found and expected", "[routing][unit]") {
    Stage stage;
    CHECK(stage.unmet() == Condition::kNone);
    CHECK(routing::first_unmet({}, stage.request, {}) == Condition::kNone);
    struct Case {
        Condition unmet;
        void (*spoil)(Stage&);
        const char* subject;
        std::optional<std::string> found;
        const char* expected;
    };
    // Each spoils one more condition that comes before the last: the earlier one is told.
    const Case cases[] = {
        {Condition::kModel, [](Stage& s) { s.request.model = "claude"; }, "model", "claude", "gpt-*"},
        {Condition::kModel, [](Stage& s) { s.request.model.clear(); }, "model", std::nullopt, "gpt-*"},
        {Condition::kMethod, [](Stage& s) { s.request.method = "GET"; }, "method", "GET", "POST"},
        {Condition::kPath, [](Stage& s) { s.request.path = "/v1/files"; }, "path", "/v1/files", "/v1/chat/*"},
        {Condition::kAttribute, [](Stage& s) { s.attributes.clear(); }, "attribute key.id", std::nullopt, "k1"},
        {Condition::kHeader, [](Stage& s) { s.request.set_header("x-pick", "no"); }, "header X-Pick", "no",
         "one of: yes, sure"},
        {Condition::kHeader, [](Stage& s) { s.request.remove_header("x-pick"); }, "header X-Pick", std::nullopt,
         "one of: yes, sure"},
    };
    for (const Case& each : cases) {
        each.spoil(stage);
        CHECK(stage.unmet() == each.unmet);
        const auto fact = stage.fact(each.unmet);
        CHECK(fact.condition == each.unmet);
        CHECK(fact.subject == each.subject);
        CHECK(fact.found == each.found);
        CHECK(fact.expected == each.expected);
    }
}

TEST_CASE("a condition on presence says so", "[routing][unit]") {
    Stage stage;
    const bool is_present = GENERATE(true, false);
    stage.match.header = config::ValueMatch{"X-Pick", config::ValueTest::kPresent, {}, is_present};
    CHECK(stage.unmet() == (is_present ? Condition::kNone : Condition::kHeader));
    CHECK(stage.fact(Condition::kHeader).expected == (is_present ? "present" : "absent"));
}

TEST_CASE("the value of a header that may be secret is not told, nor what was expected of it", "[routing][unit]") {
    Stage stage;
    const std::string name = GENERATE("Authorization", "x-api-KEY", "Cookie", "X-Auth-Token", "X-Client-Secret");
    stage.match.header = one_of(name, {"Bearer sk-expected"});
    stage.request.set_header(name, "Bearer sk-found");
    const auto fact = stage.fact(Condition::kHeader);
    CHECK(fact.found == "***");
    CHECK(fact.expected == "***");
}

TEST_CASE("of many accepted values some are told, and how many more there are", "[routing][unit]") {
    Stage stage;
    stage.match.header->values.clear();
    for (int at = 0; at < 25; ++at) stage.match.header->values.push_back("v" + std::to_string(at));
    const std::string expected = stage.fact(Condition::kHeader).expected;
    CHECK(expected.find("v19 and 5 more") != std::string::npos);
    CHECK(expected.find("v20") == std::string::npos);
}
