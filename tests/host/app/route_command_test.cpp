#include "app/route_command.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace sluice;

namespace {

using Words = std::vector<std::string>;

/// By a configuration alone: what a gateway knows is tested with one, in tests/integration/route_explain.test.mjs.
struct Stage {
    config::Route& route_to(const std::string& backend, const std::string& model = "") {
        config.routes.emplace_back().targets = {{.backend = backend}};
        if (!model.empty()) config.routes.back().match.model = model;
        return config.routes.back();
    }
    plugin::CommandOutcome explained(Words words = {}) const {
        words.insert(words.begin(), "explain");
        return app::explain_route(config, words);
    }
    config::Config config;
};

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a route that takes the request is told with exit code 0, none with 1, wrong words with 2", "[app][unit]") {
    Stage stage;
    stage.route_to("east", "gpt-*");
    const auto taken = stage.explained({"--model", "gpt-4o"});
    CHECK(taken.exit_code == 0);
    CHECK(
        has(taken.output, "  routes[0] takes it\n    model: found \"gpt-4o\", expected gpt-*\n  backend: east, one "));
    CHECK(has(taken.output, "by the configuration alone"));
    const auto none = stage.explained({"--model", "claude"});
    CHECK(none.exit_code == 1);
    CHECK(has(none.output, "  routes[0] does not match: model: found \"claude\", expected gpt-*\n"));
    CHECK(has(none.output, "  no route takes it: error 503 backend_unavailable: "));
    const auto wrong = stage.explained({"--modle", "claude"});
    CHECK(wrong.exit_code == 2);
    CHECK(wrong.output.empty());
    CHECK(wrong.errors.starts_with("sluice route explain: found \"--modle\", expected explain ["));
}

TEST_CASE("of thousands of routes before it the first twenty are told, and how many more there are", "[app][unit]") {
    Stage stage;
    for (int at = 0; at < 1000; ++at) stage.route_to("east", "m" + std::to_string(at));
    stage.route_to("west");
    const std::string text = stage.explained().output;
    CHECK(has(text, "routes[19] does not match: model: found none, expected m19\n  and 980 more before it\n"));
    CHECK_FALSE(has(text, "routes[20]"));
    CHECK(has(text, "  routes[1000] takes it: it has no conditions\n"));
    const std::string json = stage.explained({"--json"}).output;
    CHECK(has(json, R"("route":"routes[1000]")"));
    CHECK(has(json, R"("passed_count":1000)"));
}

TEST_CASE("what is decided before routes is told as what the client gets", "[app][unit]") {
    Stage stage;
    stage.route_to("east");
    stage.config.request_headers = {{"X-Pick", {"a", "b"}}};
    struct Case {
        Words words;
        const char* told;
    };
    const Case cases[] = {
        {{"--path", "/nowhere"}, "no route is asked: error 404 not_found: Unknown route: POST /nowhere."},
        {{"--method", "GET"},
         "no route is asked: error 405 method_not_allowed: /v1/chat/completions: found method GET"},
        {{"--path", "/health", "--method", "GET"}, "no route is asked: the gateway answers itself (health)"},
        {{"--path", "/v1/models/x", "--method", "GET"}, "no route is asked: the gateway answers itself (models)"},
        {{"--path", "/v1/../x"}, "no route is asked: error 400 bad_http"},
        {{"--header", "X-Pick: c"},
         "no route is asked: error 400 invalid_header_value: X-Pick: found \"c\", expected one of: a, b."},
        {{"--header", "X-Pick: a", "--header", "X-Pick: b"}, "found \"b\" after \"a\", expected one of: a, b."},
    };
    for (const auto& [words, told] : cases) {
        const auto outcome = stage.explained(words);
        CAPTURE(outcome.output);
        CHECK(outcome.exit_code == 1);
        CHECK(has(outcome.output, told));
    }
    CHECK(stage.explained({"--header", "X-Pick: a"}).exit_code == 0);
}

TEST_CASE("a route to an error takes the request and tells the error", "[app][unit]") {
    Stage stage;
    stage.config.routes.emplace_back().target = config::RouteTarget::kError;
    stage.config.routes.back().error = {"model_not_found", "not here", ""};
    const auto outcome = stage.explained();
    CHECK(outcome.exit_code == 0);
    CHECK(has(outcome.output, "routes[0] takes it: it has no conditions\n  error 404 model_not_found: not here\n"));
    CHECK(has(stage.explained({"--json"}).output, R"("error":{"status":404,"code":"model_not_found")"));
}

TEST_CASE("a route with targets tells all that it would do with the request", "[app][unit]") {
    Stage stage;
    config::Route& route = stage.route_to("east");
    route.targets = {{.backend = "east", .weight = 3, .max_concurrent = 200}, {.backend = "west", .model = "other"}};
    route.fallbacks = {{.backend = "far", .on = {"timeout", "529"}}};
    route.retry.attempts = 3;
    route.sticky_header = "X-Session-ID";
    route.on_cut = config::OnCut::kRestart;
    route.timeouts.first_event = std::chrono::milliseconds(8000);
    const std::string text = stage.explained().output;
    CAPTURE(text);
    CHECK(has(text, "target: at random by weight (no header X-Session-ID that would hold it to one)\n"));
    CHECK(has(text,
              "    east: 75.0 %, weight 3, at most 200 calls at a time; deadlines: request 300000 ms, head none, first "
              "event 8000 "
              "ms, "));
    CHECK(has(text, "    west/other: 25.0 %, weight 1, sent with model \"other\"; deadlines: "));
    CHECK(has(text,
              "  retries: up to 3 attempts in all, after 500 to 8000 ms, or Retry-After up to 10000 ms, on "
              "connect, rate_limit, server_error, cut; budget 20 % of calls\n"));
    CHECK(has(text, "  fallback 1: far, for timeout, 529; deadlines: "));
    CHECK(has(text, "  cut stream: another attempt, the answer held back for 3000 ms up to 1048576 bytes\n"));
    // Without a gateway nothing is known of these.
    CHECK_FALSE(has(text, "circuit"));
    CHECK_FALSE(has(text, "under way"));
    const std::string sticky = stage.explained({"--header", "X-Session-ID: secret-session"}).output;
    CHECK(has(sticky, "target: by the value of the header X-Session-ID"));
    CHECK(has(sticky, ": 100.0 %"));
    CHECK(has(sticky, ": not now, weight"));
    CHECK_FALSE(has(sticky, "secret-session"));
    const std::string json = stage.explained({"--json"}).output;
    for (const char* part :
         {R"("generation":null)", R"("balance":"weighted")", R"("share":0.75)", R"("on":["timeout","529"])",
          R"("attempts":3)", R"("first_event_ms":8000)", R"("on_cut":"restart")", R"("model":"other")"}) {
        CAPTURE(part, json);
        CHECK(has(json, part));
    }
}

TEST_CASE("by a configuration alone it is undecided who lists a model", "[app][unit]") {
    Stage stage;
    stage.config.routes.emplace_back().target = config::RouteTarget::kListedModel;
    stage.route_to("east");
    const auto outcome = stage.explained({"--model", "m"});
    CHECK(outcome.exit_code == 0);
    CHECK(
        has(outcome.output, "  routes[0] is undecided: model: found \"m\" (depends on which backend lists the model)"));
    CHECK(has(outcome.output, "  undecided: 1 of them, from routes[0] on,"));
    CHECK(has(stage.explained({"--model", "m", "--json"}).output, R"("is_undecided":true)"));
}

TEST_CASE("secrets and queries are not told, and control characters not sent to a terminal", "[app][unit]") {
    Stage stage;
    stage.route_to("east").match.header =
        config::ValueMatch{"Authorization", config::ValueTest::kEquals, {"Bearer sk-expected"}, true};
    for (const Words& more : {Words{}, Words{"--json"}}) {
        Words words{"--path=/v1/x?key=sk-query", "--header=Authorization: Bearer sk-found", "--model=a\x1b[31m"};
        words.insert(words.end(), more.begin(), more.end());
        const std::string text = stage.explained(words).output;
        CHECK(has(text, "***"));
        for (const char* hidden : {"sk-expected", "sk-found", "sk-query", "\x1b"}) CHECK_FALSE(has(text, hidden));
    }
}

TEST_CASE("a gateway is not asked to read files, and one that stops says so", "[app][unit]") {
    const auto file = app::explain_route(nullptr, {"explain", "--request", "/etc/passwd"});
    CHECK(file.exit_code == 2);
    CHECK(has(file.errors, "--request: found a file, expected what stands in it"));
    const auto stopping = app::explain_route(nullptr, {"explain"});
    CHECK(stopping.exit_code == 1);
    CHECK(has(stopping.errors, "the gateway is stopping"));
}
