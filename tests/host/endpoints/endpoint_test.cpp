#include "endpoints/endpoint.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sluice;
using endpoints::BodyRule;
using endpoints::Endpoint;
using endpoints::Service;
using stream::Dialect;

namespace {

Endpoint known(std::string_view path, bool has_public_metrics = false) {
    auto endpoint = endpoints::find_endpoint(path, has_public_metrics);
    REQUIRE(endpoint.has_value());
    return *endpoint;
}

}  // namespace

TEST_CASE("the JSON endpoints take POST and one JSON body", "[endpoints][unit]") {
    for (const char* path :
         {"/v1/chat/completions", "/v1/responses", "/v1/embeddings", "/v1/completions", "/v1/moderations"}) {
        CAPTURE(path);
        Endpoint endpoint = known(path);
        CHECK(endpoint.service == Service::kBackend);
        CHECK(endpoint.methods == "POST");
        CHECK(endpoint.body == BodyRule::kJson);
        CHECK(endpoints::accepts_method(endpoint, "POST"));
        CHECK_FALSE(endpoints::accepts_method(endpoint, "GET"));
        CHECK_FALSE(endpoints::accepts_method(endpoint, "POS"));
        CHECK_FALSE(endpoints::accepts_method(endpoint, ""));
    }
}

TEST_CASE("chat streams end with [DONE], others keep their names", "[endpoints][unit]") {
    CHECK(known("/v1/chat/completions").dialect == Dialect::kChat);
    CHECK(known("/v1/completions").dialect == Dialect::kChat);
    CHECK(known("/v1/responses").dialect == Dialect::kNamed);
    CHECK(known("/v1/anything/else").dialect == Dialect::kNamed);
}

TEST_CASE("health, models and metrics are read with GET and HEAD", "[endpoints][unit]") {
    auto [path, service] = GENERATE(table<std::string, Service>({{"/health", Service::kHealth},
                                                                 {"/v1/models", Service::kModels},
                                                                 {"/v1/models/a%2Fb", Service::kModels},
                                                                 {"/metrics", Service::kMetrics}}));
    Endpoint endpoint = known(path, true);
    CHECK(endpoint.service == service);
    CHECK(endpoints::accepts_method(endpoint, "GET"));
    CHECK(endpoints::accepts_method(endpoint, "HEAD"));
    CHECK_FALSE(endpoints::accepts_method(endpoint, "POST"));
    CHECK_FALSE(endpoints::accepts_method(endpoint, "GET, HEAD"));
}

TEST_CASE("metrics are not public unless configured", "[endpoints][unit]") {
    CHECK_FALSE(endpoints::find_endpoint("/metrics", false).has_value());
}

TEST_CASE("everything else below /v1/ goes to a backend with any method but two", "[endpoints][unit]") {
    Endpoint endpoint = known("/v1/files/1");
    CHECK(endpoint.service == Service::kBackend);
    CHECK(endpoint.body == BodyRule::kJsonOrStreamed);
    for (const char* method : {"GET", "POST", "PUT", "DELETE", "PATCH"})
        CHECK(endpoints::accepts_method(endpoint, method));
    for (const char* method : {"CONNECT", "TRACE"}) CHECK_FALSE(endpoints::accepts_method(endpoint, method));
}

TEST_CASE("other paths are unknown", "[endpoints][unit]") {
    for (const char* path :
         {"", "/", "/v1", "/v1/", "/v2/models", "/healthz", "/Health", "/v1x/models", "v1/models", "*"}) {
        CAPTURE(path);
        CHECK_FALSE(endpoints::find_endpoint(path, true).has_value());
    }
}

TEST_CASE("content types that are JSON", "[endpoints][unit]") {
    for (const char* type : {"application/json", "Application/JSON", "application/json; charset=utf-8",
                             " application/json ;x", "application/vnd.api+json", "application/ld+JSON;a=b"}) {
        CAPTURE(type);
        CHECK(endpoints::is_json_content_type(type));
    }
    for (const char* type : {"", "text/json", "application/jsonp", "application/+json", "application/x-json", "json",
                             "multipart/form-data; x=application/json", "application/json/x", "text/x+json"}) {
        CAPTURE(type);
        CHECK_FALSE(endpoints::is_json_content_type(type));
    }
}
