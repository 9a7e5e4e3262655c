#include "routing/rule_index.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace sluice;
using routing::RuleIndex;

namespace {

using Visited = std::vector<std::uint32_t>;

config::ValueMatch is_one_of(std::string name, std::vector<std::string> values) {
    return {std::move(name), config::ValueTest::kIn, std::move(values), true};
}

struct Stage {
    config::RouteMatch& rule() { return routes.emplace_back().match; }
    Visited visited() const {
        Visited all;
        RuleIndex(routes).visit(request, attributes, [&](std::uint32_t index) {
            all.push_back(index);
            return false;
        });
        return all;
    }
    void ask(std::string model, std::string_view path = "/v1/chat/completions") {
        request.model = std::move(model);
        request.path = path;
    }
    std::vector<config::Route> routes;
    http::Request request;
    http::Attributes attributes;
};

}  // namespace

TEST_CASE("only rules whose pattern begins like the model are looked at, in their order", "[routing][unit]") {
    Stage stage;
    stage.rule().model = "gpt-*";
    stage.rule().model = "claude-*";
    stage.rule();
    stage.rule().model = "gpt-4o";
    stage.rule().model = "*";
    stage.rule().model = "gpt-4o-mini";
    stage.ask("gpt-4o");
    CHECK(stage.visited() == Visited{0, 2, 3, 4});
    stage.ask("");
    CHECK(stage.visited() == Visited{2, 4});
}

TEST_CASE("a rule for values of a header is looked at where the request has one of them", "[routing][unit]") {
    Stage stage;
    stage.rule().header = is_one_of("X-Team", {"Blue", "green"});
    stage.rule().header = is_one_of("X-Team", {"red"});
    stage.rule().header = config::ValueMatch{"X-Team", config::ValueTest::kPresent, {}, false};
    CHECK(stage.visited() == Visited{2});
    stage.request.set_header("x-team", "BLUE");
    CHECK(stage.visited() == Visited{0, 2});
}

TEST_CASE("a rule for an attribute is looked at where middleware has set it so", "[routing][unit]") {
    Stage stage;
    stage.rule().attribute = is_one_of("key.id", {"key_1"});
    stage.rule().attribute = is_one_of("key.id", {"key_2"});
    stage.attributes.set("key.id", "key_2");
    CHECK(stage.visited() == Visited{1});
}

TEST_CASE("rules for paths are found by what stands before the star", "[routing][unit]") {
    Stage stage;
    stage.rule().path = "/v1/chat/*";
    stage.rule().path = "/v1/embeddings";
    stage.rule().path = "*";
    stage.ask("m");
    CHECK(stage.visited() == Visited{0, 2});
}

TEST_CASE("the visit ends with the rule that is taken", "[routing][unit]") {
    Stage stage;
    for (int at = 0; at < 3; ++at) stage.rule();
    int count = 0;
    RuleIndex(stage.routes).visit(stage.request, stage.attributes, [&](std::uint32_t index) {
        ++count;
        return index == 1;
    });
    CHECK(count == 2);
}

TEST_CASE("more patterns, names and lengths than the index files are looked at all the same", "[routing][unit]") {
    Stage stage;
    for (std::size_t length = 1; length <= 60; ++length) stage.rule().model = std::string(length, 'm') + "*";
    for (int name = 0; name < 20; ++name) stage.rule().header = is_one_of("X-" + std::to_string(name), {"v"});
    stage.rule().header = is_one_of("X-Long", {std::string(300, 'v')});
    stage.ask(std::string(60, 'm'));
    for (int name = 0; name < 20; ++name) stage.request.set_header("X-" + std::to_string(name), "v");
    stage.request.set_header("X-Long", std::string(300, 'v'));
    Visited all(81);
    for (std::uint32_t at = 0; at < 81; ++at) all[at] = at;
    CHECK(stage.visited() == all);
}
