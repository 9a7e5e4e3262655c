#include "routing/router.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <string>

#include "listing_backend.hpp"

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;
using routing::ModelCatalog;
using routing::Router;
using routing::Target;

namespace {

struct Stage {
    Stage() {
        catalog->refresh([] {});
        config.server.timeouts.request = 300s;
    }
    config::Route& route_to(const std::string& backend) {
        config.routes.emplace_back().targets = {{.backend = backend}};
        return config.routes.back();
    }
    config::Route& route_to_lister() {
        config.routes.emplace_back().target = config::RouteTarget::kListedModel;
        return config.routes.back();
    }
    config::Route& route_to_error(const std::string& code) {
        config.routes.emplace_back().target = config::RouteTarget::kError;
        config.routes.back().error = {code, "not here", "shown"};
        return config.routes.back();
    }
    /// The name of the backend a request goes to, or the code of its error.
    std::string target_of(const http::Request& asked) {
        Router router(config, backends, catalog);
        const Target& target = router.route(asked, {});
        return target.error ? target.error->code : target.backend->name();
    }
    Workshop workshop;
    ListingBackend first{{"a", "shared"}}, second{{"b", "shared"}};
    ModelCatalog::Backends backends{workshop.backend("first", first), workshop.backend("second", second)};
    std::shared_ptr<ModelCatalog> catalog = std::make_shared<ModelCatalog>(backends, asking_at_once());
    config::Config config;
    http::Request request;
};

config::ValueMatch header_in(std::vector<std::string> values) {
    return {"X-Pick", config::ValueTest::kIn, std::move(values), true};
}

}  // namespace

TEST_CASE("the first route that matches takes the request", "[routing][unit]") {
    Stage stage;
    stage.route_to("first").match.model = "gpt-*";
    stage.route_to("second");
    stage.route_to("first");
    stage.request.model = "gpt-4";
    CHECK(stage.target_of(stage.request) == "first");
    stage.request.model = "other";
    CHECK(stage.target_of(stage.request) == "second");
}

TEST_CASE("a request that no route takes gets backend_unavailable", "[routing][unit]") {
    Stage stage;
    CHECK(stage.target_of(stage.request) == "backend_unavailable");
    stage.route_to("first").match.model = "x";
    CHECK(stage.target_of(stage.request) == "backend_unavailable");
}

TEST_CASE("all conditions of a route must hold", "[routing][unit]") {
    Stage stage;
    config::RouteMatch& match = stage.route_to("first").match;
    match.path = "/v1/files*";
    match.method = "GET";
    match.model = "m";
    match.header = header_in({"yes"});
    stage.route_to("second");
    stage.request.path = "/v1/files/1";
    stage.request.method = "GET";
    stage.request.model = "m";
    stage.request.set_header("x-pick", "YES");
    CHECK(stage.target_of(stage.request) == "first");
    SECTION("path") { stage.request.path = "/v1/file"; }
    SECTION("method") { stage.request.method = "get"; }
    SECTION("model") { stage.request.model = "M"; }
    SECTION("header value") { stage.request.set_header("x-pick", "no"); }
    SECTION("header") { stage.request.remove_header("X-PICK"); }
    CHECK(stage.target_of(stage.request) == "second");
}

TEST_CASE("a header is matched by its presence or its absence", "[routing][unit]") {
    Stage stage;
    bool is_present = GENERATE(true, false);
    stage.route_to("first").match.header = config::ValueMatch{"X-Pick", config::ValueTest::kPresent, {}, is_present};
    stage.route_to("second");
    CHECK(stage.target_of(stage.request) == (is_present ? "second" : "first"));
    stage.request.set_header("x-pick", "anything");
    CHECK(stage.target_of(stage.request) == (is_present ? "first" : "second"));
}

TEST_CASE("a route may go to the only backend that lists the model", "[routing][unit]") {
    Stage stage;
    stage.route_to_lister();
    stage.route_to_error("model_not_found");
    auto [model, expected] = GENERATE(table<std::string, std::string>({{"a", "first"},
                                                                       {"b", "second"},
                                                                       {"shared", "model_not_found"},
                                                                       {"", "model_not_found"},
                                                                       {"x", "model_not_found"}}));
    stage.request.model = model;
    CHECK(stage.target_of(stage.request) == expected);
}

TEST_CASE("a route with a fixed backend may ask that the model is listed", "[routing][unit]") {
    Stage stage;
    stage.route_to("second").match.listed_model = true;
    stage.route_to("first");
    stage.request.model = "a";
    CHECK(stage.target_of(stage.request) == "second");
    stage.request.model = "shared";
    CHECK(stage.target_of(stage.request) == "first");
}

TEST_CASE("a target carries mode, label and deadlines of its own route", "[routing][unit]") {
    Stage stage;
    stage.route_to("first").match.model = "plain";
    config::Route& timed = stage.route_to("second");
    timed.match.model = "timed";
    timed.timeouts = {10s, 20s, 30s, {}};
    config::Route& listed = stage.route_to_lister();
    listed.match.path = "/one";
    listed.timeouts.request = 1s;
    config::Route& other = stage.route_to_lister();
    other.timeouts.request = 2s;
    Router router(stage.config, stage.backends, stage.catalog);
    stage.request.model = "plain";
    const Target& plain = router.route(stage.request, {});
    CHECK(plain.mode == "first");
    CHECK(plain.label == "routes[0]");
    CHECK(plain.deadlines.request_ns == 300'000'000'000u);
    CHECK(plain.deadlines.first_event_ns == plain.deadlines.request_ns);
    CHECK(plain.deadlines.event_gap_ns == plain.deadlines.request_ns);
    stage.request.model = "timed";
    const Target& slow = router.route(stage.request, {});
    CHECK(slow.deadlines.request_ns == 10'000'000'000u);
    CHECK(slow.deadlines.first_event_ns == 20'000'000'000u);
    CHECK(slow.deadlines.event_gap_ns == 30'000'000'000u);
    stage.request.model = "b";
    stage.request.path = "/one";
    CHECK(router.route(stage.request, {}).label == "routes[2]");
    CHECK(router.route(stage.request, {}).mode == "second");
    stage.request.path = "/two";
    CHECK(router.route(stage.request, {}).label == "routes[3]");
    CHECK(router.route(stage.request, {}).deadlines.request_ns == 2'000'000'000u);
}

TEST_CASE("a route to an error gives it with its mode", "[routing][unit]") {
    Stage stage;
    stage.route_to_error("passthrough_disabled");
    Router router(stage.config, stage.backends, stage.catalog);
    const Target& target = router.route(stage.request, {});
    REQUIRE(target.error);
    CHECK(target.error->status == 503);
    CHECK(target.error->message == "not here");
    CHECK(target.mode == "shown");
    CHECK(target.backend == nullptr);
}

TEST_CASE("a header with a closed set of values is checked", "[routing][unit]") {
    Stage stage;
    stage.config.request_headers.push_back({"X-Claude-Code", {"true", "1", "no"}});
    Router router(stage.config, stage.backends, stage.catalog);
    struct Case {
        std::vector<std::string> values;
        bool is_refused;
    };
    static const std::vector<Case> kCases{
        {{}, false},
        {{"true"}, false},
        {{"TRUE"}, false},
        {{"1", "1"}, false},
        {{"true", "True"}, false},
        {{"maybe"}, true},
        {{std::string()}, true},
        {{"true, true"}, true},
        {{"true", "no"}, true},
        {{"true", ""}, true},
    };
    const auto& [values, is_refused] = kCases[GENERATE(range(std::size_t{0}, std::size_t{10}))];
    for (const std::string& value : values) {
        stage.request.headers.push_back({http::borrow("x-claude-code"), http::borrow(value)});
    }
    auto error = router.check_headers(stage.request);
    CAPTURE(values);
    REQUIRE(error.has_value() == is_refused);
    if (error) {
        CHECK(error->code == "invalid_header_value");
        CHECK(error->param == "X-Claude-Code");
        CHECK(error->message.find("expected one of: true, 1, no") != std::string::npos);
    }
}
