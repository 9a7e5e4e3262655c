#include "endpoints/model_renaming.hpp"

#include <catch2/catch.hpp>

using sluice::endpoints::with_model;

TEST_CASE("only the model of a body is replaced", "[endpoints][unit]") {
    CHECK(with_model(R"({"model":"a","n":1.0})", "b") == R"({"model":"b","n":1.0})");
    CHECK(with_model(" { \"x\" : {\"model\":\"in\"} , \"model\" : \"a\\\"q\" }", "b") ==
          " { \"x\" : {\"model\":\"in\"} , \"model\" : \"b\" }");
    CHECK(with_model(R"({"messages":[{"model":"in"}],"model":null})", "b") ==
          R"({"messages":[{"model":"in"}],"model":"b"})");
}

TEST_CASE("a new model is written as a JSON string", "[endpoints][unit]") {
    CHECK(with_model(R"({"model":"a"})", "b\"c") == R"({"model":"b\"c"})");
}

TEST_CASE("a body without a model stays as it is", "[endpoints][unit]") {
    CHECK(with_model(R"({"input":"a"})", "b").empty());
    CHECK(with_model(R"({})", "b").empty());
    CHECK(with_model(R"([1])", "b").empty());
}
