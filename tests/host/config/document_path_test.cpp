#include "config/document_path.hpp"

#include <catch2/catch.hpp>

using namespace sluice::config;

TEST_CASE("paths are written as the messages show them", "[config][unit]") {
    CHECK(path_of_key("", "server") == "server");
    CHECK(path_of_key("server", "port") == "server.port");
    CHECK(path_of_key("models", "gpt-4.1") == "models[\"gpt-4.1\"]");
    CHECK(path_of_key("a", "") == "a[\"\"]");
    CHECK(path_of_index("routes", 2) == "routes[2]");
}

TEST_CASE("a path is below another only at a step", "[config][unit]") {
    CHECK(is_at_or_below("a.b", "a"));
    CHECK(is_at_or_below("a[1]", "a"));
    CHECK(is_at_or_below("a", "a"));
    CHECK(is_at_or_below("a", ""));
    CHECK_FALSE(is_at_or_below("ab", "a"));
    CHECK_FALSE(is_at_or_below("a", "a.b"));
}
