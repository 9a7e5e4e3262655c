#include "endpoints/models.hpp"

#include <catch2/catch.hpp>

#include <string>

#include "../routing/listing_backend.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

struct Stage {
    Workshop workshop;
    ListingBackend first{{"a", "org/name:tag", "100%"}}, second{{"b"}};
    routing::ModelCatalog catalog{{workshop.backend("first", first), workshop.backend("second", second)},
                                  asking_at_once()};

    std::string body_of(std::string_view path, std::string_view visible = {}) {
        auto answer = endpoints::answer_models(catalog, path, visible);
        return answer ? answer->body : answer.error().code;
    }
};

}  // namespace

TEST_CASE("the list of models is the union of what the backends list", "[endpoints][unit]") {
    Stage stage;
    stage.first.list = {"a"};
    CHECK(stage.body_of("/v1/models") ==
          R"({"object":"list","data":[{"id":"a","object":"model","created":0,"owned_by":"first"},)"
          R"({"id":"b","object":"model","created":0,"owned_by":"second"}]})");
    CHECK(stage.first.times_asked == 1);
    stage.body_of("/v1/models");
    CHECK(stage.first.times_asked == 1);  // fresh enough
}

TEST_CASE("only the models that a client may see are shown", "[endpoints][unit]") {
    Stage stage;
    CHECK(stage.body_of("/v1/models", "none,b*") ==
          R"({"object":"list","data":[{"id":"b","object":"model","created":0,"owned_by":"second"}]})");
    CHECK(stage.body_of("/v1/models/a", "b*") == "model_not_found");
    CHECK(stage.body_of("/v1/models/b", "b*").find("\"b\"") != std::string::npos);
}

TEST_CASE("one model is found by its id, plain or percent-encoded", "[endpoints][unit]") {
    Stage stage;
    const std::string named = R"({"id":"org/name:tag","object":"model","created":0,"owned_by":"first"})";
    CHECK(stage.body_of("/v1/models/org%2Fname%3Atag") == named);
    CHECK(stage.body_of("/v1/models/org%2fname:tag") == named);
    CHECK(stage.body_of("/v1/models/org/name:tag") == named);
    CHECK(stage.body_of("/v1/models/100%25").find("\"100%\"") != std::string::npos);
}

TEST_CASE("an unknown or badly encoded id is 404 and named", "[endpoints][unit]") {
    Stage stage;
    for (const char* id : {"x", "A", "a/", "100%", "%6", "%zz", "a%00"}) {
        CAPTURE(id);
        CHECK(stage.body_of("/v1/models/" + std::string(id)) == "model_not_found");
    }
    auto answer = endpoints::answer_models(stage.catalog, "/v1/models/no%20such");
    REQUIRE_FALSE(answer);
    CHECK(answer.error().status == 404);
    CHECK(answer.error().message == "The model 'no such' does not exist.");
    CHECK(answer.error().param == "model");
}
