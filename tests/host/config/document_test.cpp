#include "config/document.hpp"

#include <catch2/catch.hpp>

using sluice::config::Document;
using sluice::config::Environment;
using sluice::config::read_document;
using sluice::config::to_text;

namespace {

std::string json_of(const std::string& text, const Environment& environment = Environment()) {
    const Document document = read_document(text, environment);
    CHECK(document.problems.empty());
    return to_text(document.root);
}

/// The only problem of a text.
std::string problem_of(const std::string& text, const Environment& environment = Environment()) {
    const Document document = read_document(text, environment);
    REQUIRE(document.problems.size() == 1);
    return document.problems.front().text();
}

}  // namespace

TEST_CASE("YAML becomes JSON with keys in the order of the text", "[config][unit]") {
    CHECK(json_of("b: [1, x]\na: {c: true, d: ~}\n") == R"({"b":[1,"x"],"a":{"c":true,"d":null}})");
}

TEST_CASE("quoted and block scalars are strings whatever they look like", "[config][unit]") {
    CHECK(json_of("[\"1\", 'true', !!str 2]") == R"(["1","true","2"])");
    CHECK(json_of("a: |\n  12\n") == R"({"a":"12\n"})");
}

TEST_CASE("a plain scalar is typed after interpolation and a quoted one stays a string", "[config][unit]") {
    const Environment environment{{"N", "12"}, {"B", "true"}, {"S", "a b"}};
    CHECK(json_of("n: ${N}\nb: ${B}\ns: ${S}\nq: \"${N}\"\nd: ${X:-0.5}\n", environment) ==
          R"({"n":12,"b":true,"s":"a b","q":"12","d":0.5})");
}

TEST_CASE("a reference that gives nothing is the empty string", "[config][unit]") {
    CHECK(json_of("a: ${A:-}\nb: ${B}\n", Environment{{"B", ""}}) == R"({"a":"","b":""})");
}

TEST_CASE("keys are not interpolated", "[config][unit]") { CHECK(json_of("${A}: 1\n") == R"({"${A}":1})"); }

TEST_CASE("the variables of a value are remembered by path", "[config][unit]") {
    const Document document =
        read_document("a:\n  - x\n  - ${N}${M:-1}${O}\nb: ${U:-2}\n", Environment{{"N", "1"}, {"O", "2"}});
    CHECK(document.origins == sluice::config::Origins{{"a[1]", "${N}, ${O}"}});
}

TEST_CASE("text that is put in by a variable cannot add structure", "[config][unit]") {
    CHECK(json_of("a: ${A}\n", Environment{{"A", "1\nb: 2"}}) == R"({"a":"1\nb: 2"})");
}

TEST_CASE("aliases stand for what they name", "[config][unit]") {
    CHECK(json_of("a: &x {b: 1}\nc: *x\n") == R"({"a":{"b":1},"c":{"b":1}})");
}

TEST_CASE("a key that is given twice is named with both lines", "[config][unit]") {
    CHECK(problem_of("server:\n  port: 1\n  host: a\n  port: 2\n") ==
          "server.port: found twice (lines 2 and 4), expected once");
}

TEST_CASE("a few aliases that stand for a huge document are refused", "[config][unit]") {
    std::string text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
    for (int level = 1; level < 12; ++level) {
        const std::string below = "*a" + std::to_string(level - 1);
        text += "a" + std::to_string(level) + ": &a" + std::to_string(level) + " [";
        for (int copy = 0; copy < 10; ++copy) text += (copy == 0 ? "" : ",") + below;
        text += "]\n";
    }
    CHECK_THAT(problem_of(text), Catch::Contains("found more than 20000 values, aliases followed"));
}

TEST_CASE("an alias inside what it stands for is refused", "[config][unit]") {
    CHECK(problem_of("a: &x\n  - *x\n") == "line 2: found an alias inside what it stands for");
}

TEST_CASE("a long chain of aliases is too deep", "[config][unit]") {
    std::string text = "- &a0 []\n";
    for (int level = 1; level < 5000; ++level) {
        text += "- &a" + std::to_string(level) + " [*a" + std::to_string(level - 1) + "]\n";
    }
    CHECK_THAT(problem_of(text), Catch::Contains("found more than 64 levels of nesting"));
}

TEST_CASE("deep nesting is refused without using up the stack", "[config][unit]") {
    CHECK_THAT(problem_of(std::string(100, '[') + std::string(100, ']')), Catch::Contains("more than 64 levels"));
    CHECK(problem_of(std::string(200000, '[')) == "line 1: found more than 64 levels of nesting");
    CHECK_THAT(problem_of("a: " + std::string(5000, '{')), Catch::Contains("more than 64 levels"));
}

TEST_CASE("text that is not YAML is refused with line and column", "[config][unit]") {
    CHECK_THAT(problem_of("a: 1\nb: [1, 2\nc: 3\n"), Catch::StartsWith("line ") && Catch::Contains("not YAML: "));
    CHECK_THAT(problem_of("a: *missing\n"), Catch::StartsWith("line 1, column 4: not YAML: "));
}

TEST_CASE("a bare reference inside braces gets a hint", "[config][unit]") {
    CHECK_THAT(problem_of("a: 1\nserver: {port: ${PORT:-1}}\n"),
               Catch::StartsWith("line 2") && Catch::Contains("must stand in quotes"));
}

TEST_CASE("a second document is refused", "[config][unit]") {
    CHECK(problem_of("a: 1\n---\nb: 2\n") == "found more than one document, expected one");
    CHECK(json_of("---\na: 1\n...\n") == R"({"a":1})");
}

TEST_CASE("tags other than those of the core schema are refused", "[config][unit]") {
    CHECK_THAT(problem_of("a: !secret x\n"), Catch::StartsWith("a: found the tag "));
    CHECK_THAT(problem_of("a: !!binary x\n"), Catch::StartsWith("a: found the tag "));
}

TEST_CASE("keys that are not plain text are refused", "[config][unit]") {
    CHECK(problem_of("? [a, b]\n: 1\n") == "line 1: found a key that is not plain text");
    CHECK(problem_of("a:\n  ~: 1\n") == "a: line 2: found a key that is not plain text");
}

TEST_CASE("text with a NUL is refused", "[config][unit]") {
    CHECK(problem_of("a: \"x\\0y\"\n") == "a: found text with a NUL or bytes that are not UTF-8");
}

TEST_CASE("an empty text is an empty value", "[config][unit]") {
    CHECK(json_of("") == "null");
    CHECK(json_of("# nothing\n") == "null");
}
