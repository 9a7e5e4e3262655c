#include "config/interpolation.hpp"

#include <catch2/catch.hpp>

using sluice::config::Environment;
using sluice::config::interpolate;

using Words = std::vector<std::string>;

TEST_CASE("a variable is replaced by its value and named", "[config][unit]") {
    const auto result = interpolate("http://${HOST}:${PORT}/", Environment{{"HOST", "a"}, {"PORT", "1"}});
    CHECK(result.text == "http://a:1/");
    CHECK(result.variables == Words{"HOST", "PORT"});
    CHECK(result.problems.empty());
}

TEST_CASE("a default takes the place of a variable that is unset or empty", "[config][unit]") {
    CHECK(interpolate("${A:-x}", Environment()).text == "x");
    CHECK(interpolate("${A:-x}", Environment{{"A", ""}}).text == "x");
    CHECK(interpolate("${A:-}", Environment()).text.empty());
    CHECK(interpolate("${A:-x}", Environment()).variables.empty());
    CHECK(interpolate("${A:-https://a.example:1/v1}", Environment()).text == "https://a.example:1/v1");
}

TEST_CASE("a variable that is set to nothing is no problem without a default", "[config][unit]") {
    const auto result = interpolate("${A}", Environment{{"A", ""}});
    CHECK(result.text.empty());
    CHECK(result.problems.empty());
}

TEST_CASE("an unset variable without a default is named", "[config][unit]") {
    CHECK(interpolate("${NOT_THERE}", Environment()).problems ==
          Words{"the environment variable ${NOT_THERE} is not set and has no default"});
}

TEST_CASE("two dollars stand for one, and a dollar alone stays", "[config][unit]") {
    CHECK(interpolate("$${A} $5 a$", Environment{{"A", "x"}}).text == "${A} $5 a$");
    CHECK(interpolate("$$$$", Environment()).text == "$$");
}

TEST_CASE("what a variable holds is not looked at again", "[config][unit]") {
    CHECK(interpolate("${A}", Environment{{"A", "${B} $$"}, {"B", "x"}}).text == "${B} $$");
}

TEST_CASE("a reference of another form is refused", "[config][unit]") {
    const std::string text =
        GENERATE(as<std::string>(), "${}", "${A:?x}", "${A-x}", "${1A}", "${A B}", "${A:-${B}}", "${A");
    INFO(text);
    CHECK_FALSE(interpolate(text, Environment{{"A", "1"}, {"B", "2"}}).problems.empty());
}

TEST_CASE("a variable that is not UTF-8 is refused", "[config][unit]") {
    CHECK(interpolate("${A}", Environment{{"A", "\xff"}}).problems ==
          Words{"found a value that is not UTF-8 text (from ${A})"});
}
