#include "config/yaml_scalar.hpp"

#include <catch2/catch.hpp>

using sluice::config::read_plain_scalar;
using sluice::config::to_text;

namespace {

/// The scalar as JSON text.
std::string json_of(const std::string& text) { return to_text(read_plain_scalar(text).value); }

}  // namespace

TEST_CASE("plain scalars get the types of the YAML 1.2 core schema", "[config][unit]") {
    CHECK(json_of("null") == "null");
    CHECK(json_of("~") == "null");
    CHECK(json_of("true") == "true");
    CHECK(json_of("FALSE") == "false");
    CHECK(json_of("12") == "12");
    CHECK(json_of("-12") == "-12");
    CHECK(json_of("+12") == "12");
    CHECK(json_of("0x1F") == "31");
    CHECK(json_of("0o17") == "15");
    CHECK(json_of("017") == "17");
    CHECK(json_of("1.5") == "1.5");
    CHECK(json_of(".5") == "0.5");
    CHECK(json_of("1e3") == "1000");
    CHECK(json_of("0.1") == "0.1");
}

TEST_CASE("words of YAML 1.1 and near numbers stay strings", "[config][unit]") {
    const std::string text =
        GENERATE(as<std::string>(), "yes", "no", "on", "off", "y", "127.0.0.1", "1:30", "1_000", "0x", "0o8", "1.2.3",
                 "e3", ".", "+", "-", "1e", "tRue", "abc", "::1", "2024-10-21", "0b1");
    CHECK(json_of(text) == '"' + text + '"');
}

TEST_CASE("integers of 64 bits keep every digit", "[config][unit]") {
    CHECK(json_of("9223372036854775807") == "9223372036854775807");
    CHECK(json_of("-9223372036854775808") == "-9223372036854775808");
}

TEST_CASE("numbers that JSON or 64 bits cannot hold are refused", "[config][unit]") {
    CHECK(read_plain_scalar("9223372036854775808").problem ==
          "found 9223372036854775808, expected an integer that fits 64 bits");
    CHECK(read_plain_scalar("1e999").problem == "found 1e999, expected a number that fits 64 bits");
    CHECK(read_plain_scalar("-.inf").problem == "found -.inf, expected a number that JSON can hold");
    CHECK(read_plain_scalar(".nan").problem == "found .nan, expected a number that JSON can hold");
}
