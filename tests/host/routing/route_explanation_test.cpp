#include "routing/route_explanation.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <string>

#include "listing_backend.hpp"
#include "routing/router.hpp"

using namespace sluice;
using namespace sluice::test;
using routing::Condition;
using routing::ModelCatalog;
using routing::RouteExplanation;
using routing::Router;

namespace {

constexpr std::size_t kMost = 3;

struct Stage {
    Stage() {
        catalog->refresh([] {});
    }
    config::Route& route_to(const std::string& backend, const std::string& model = "") {
        config.routes.emplace_back().targets = {{.backend = backend}};
        if (!model.empty()) config.routes.back().match.model = model;
        return config.routes.back();
    }
    config::Route& route_to_lister() {
        config.routes.emplace_back().target = config::RouteTarget::kListedModel;
        return config.routes.back();
    }
    RouteExplanation explained() {
        router = std::make_unique<Router>(config, backends, catalog);
        return router->explain(request, attributes, kMost);
    }
    Workshop workshop;
    ListingBackend first{{"a", "shared"}}, second{{"b", "shared"}};
    ModelCatalog::Backends backends{workshop.backend("first", first), workshop.backend("second", second)};
    std::shared_ptr<ModelCatalog> catalog = std::make_shared<ModelCatalog>(backends, asking_at_once());
    config::Config config;
    http::Request request;
    http::Attributes attributes;
    std::unique_ptr<Router> router;
};

}  // namespace

TEST_CASE("the route that takes a request is told with its conditions, those before it with their reasons",
          "[routing][unit]") {
    Stage stage;
    stage.route_to("first", "claude-*");
    stage.route_to("first").match.path = "/v1/files";
    stage.route_to("second", "gpt-*").match.method = "POST";
    stage.route_to("first");
    stage.request.model = "gpt-4o";
    stage.request.method = "POST";
    stage.request.path = "/v1/chat/completions";
    const RouteExplanation explanation = stage.explained();
    CHECK(explanation.index == 2);
    CHECK(explanation.target->mode == "second");
    CHECK(explanation.target == &stage.router->route(stage.request, {}));
    CHECK(explanation.passed_count == 2);
    REQUIRE(explanation.passed.size() == 2);
    CHECK(explanation.passed[0].index == 0);
    CHECK(explanation.passed[0].reason.condition == Condition::kModel);
    CHECK(explanation.passed[0].reason.found == "gpt-4o");
    CHECK(explanation.passed[0].reason.expected == "claude-*");
    CHECK(explanation.passed[1].reason.condition == Condition::kPath);
    REQUIRE(explanation.met.size() == 2);
    CHECK(explanation.met[0].condition == Condition::kMethod);
    CHECK(explanation.met[1].condition == Condition::kModel);
    CHECK(explanation.undecided_count == 0);
}

TEST_CASE("a request that no route takes is told so, with the first routes and the number of all", "[routing][unit]") {
    Stage stage;
    for (int at = 0; at < 5; ++at) stage.route_to("first", "m" + std::to_string(at));
    const RouteExplanation explanation = stage.explained();
    CHECK_FALSE(explanation.index);
    REQUIRE(explanation.target->error);
    CHECK(explanation.target->error->code == "backend_unavailable");
    CHECK(explanation.passed.size() == kMost);
    CHECK(explanation.passed_count == 5);
    CHECK(explanation.met.empty());
}

TEST_CASE("a route to the only lister tells who lists the model", "[routing][unit]") {
    Stage stage;
    stage.route_to_lister();
    stage.route_to("first");
    SECTION("one") {
        stage.request.model = "b";
        const RouteExplanation explanation = stage.explained();
        CHECK(explanation.index == 0);
        CHECK(explanation.target->mode == "second");
        REQUIRE(explanation.met.size() == 1);
        CHECK(explanation.met[0].note == "listed by: second");
        return;
    }
    std::string note;
    SECTION("several") {
        stage.request.model = "shared";
        note = "listed by: first, second";
    }
    SECTION("nobody") {
        stage.request.model = "x";
        note = "listed by no backend";
    }
    SECTION("there is no model") {}
    const RouteExplanation explanation = stage.explained();
    CHECK(explanation.index == 1);
    REQUIRE(explanation.passed.size() == 1);
    CHECK(explanation.passed[0].reason.condition == Condition::kListedModel);
    CHECK(explanation.passed[0].reason.note == note);
    CHECK_FALSE(explanation.passed[0].is_undecided);
}

TEST_CASE("without a catalog a route that asks who lists the model is undecided", "[routing][unit]") {
    Stage stage;
    stage.catalog = nullptr;
    stage.backends.clear();
    stage.route_to_lister().match.model = "other";
    for (std::size_t at = 0; at < kMost; ++at) stage.route_to("first", "other");
    stage.route_to_lister();
    stage.route_to("second").match.listed_model = true;
    stage.route_to("second");
    stage.request.model = "m";
    const RouteExplanation explanation = stage.explained();
    CHECK(explanation.index == kMost + 3);
    CHECK(explanation.target->mode == "second");
    CHECK_FALSE(explanation.passed[0].is_undecided);
    CHECK(explanation.undecided_count == 2);
    CHECK(explanation.first_undecided == kMost + 1);
    stage.request.model.clear();
    CHECK(stage.explained().undecided_count == 0);
}

TEST_CASE("what is explained is what is routed, whatever the routes and the request", "[routing][unit]") {
    std::mt19937 dice{7};
    auto one_of = [&](std::initializer_list<const char*> texts) {
        return std::string(*(texts.begin() + dice() % texts.size()));
    };
    for (int round = 0; round < 300; ++round) {
        Stage stage;
        for (int at = 0; at < 8; ++at) {
            config::RouteMatch& match = dice() % 5 == 0 ? stage.route_to_lister().match : stage.route_to("first").match;
            if (dice() % 2) match.model = one_of({"a", "b", "s*", "*", "x"});
            if (dice() % 3 == 0) match.path = one_of({"/v1/*", "/v1/chat", "/v2"});
            if (dice() % 3 == 0)
                match.header = config::ValueMatch{"X", config::ValueTest::kIn, {one_of({"1", "2"})}, true};
            if (dice() % 4 == 0)
                match.attribute = config::ValueMatch{"k", config::ValueTest::kPresent, {}, dice() % 2 == 0};
            match.listed_model = dice() % 6 == 0;
        }
        stage.request.model = one_of({"a", "b", "shared", "x", ""});
        stage.request.path = "/v1/chat";
        if (dice() % 2) stage.request.set_header("x", one_of({"1", "2", "3"}));
        if (dice() % 2) stage.attributes.set("k", "v");
        const RouteExplanation explanation = stage.explained();
        REQUIRE(explanation.target == &stage.router->route(stage.request, stage.attributes));
        REQUIRE(explanation.passed_count == explanation.index.value_or(stage.config.routes.size()));
        if (explanation.index) {
            REQUIRE(explanation.target->label == "routes[" + std::to_string(*explanation.index) + "]");
        }
    }
}
