#include "config/plugin_config.hpp"
#include "loaded.hpp"

#include <catch2/catch.hpp>

#include <sstream>

using namespace sluice::config;

using Texts = std::vector<std::string>;

namespace {

constexpr const char* kSchema = R"({
  "type": "object", "additionalProperties": false, "required": ["base_url"],
  "definitions": {"key": {"type": "string", "x-secret": true, "minLength": 4}},
  "properties": {
    "base_url": {"type": "string"},
    "enabled": {"type": "boolean", "default": true},
    "api_key": {"$ref": "#/definitions/key"},
    "keys": {"type": "array", "items": {"$ref": "#/definitions/key"}},
    "headers": {"type": "object", "default": {}, "additionalProperties": {"type": "string", "x-secret": true}},
    "limit": {"type": "number", "minimum": 0.5},
    "pool": {"type": "object", "properties": {"size": {"type": "integer", "default": 4}}},
    "id": {"type": "string", "pattern": "^[a-z]+$"}
  }
})";

ResolvedPluginConfig resolve(const std::string& raw, const Environment& environment = Environment()) {
    return resolve_plugin_config(raw, kSchema, "backends.a.config", environment);
}

Texts texts(const Problems& problems) {
    Texts result;
    for (const Problem& problem : problems) result.push_back(problem.text());
    return result;
}

}  // namespace

TEST_CASE("the schema's defaults are filled in and numbers keep their kind", "[config][unit]") {
    const auto result = resolve(R"({"base_url":"u","limit":1.25,"pool":{}})");
    CHECK(result.problems.empty());
    CHECK(result.json == R"({"base_url":"u","limit":1.25,"pool":{"size":4},"enabled":true,"headers":{}})");
    CHECK(result.secrets.empty());
}

TEST_CASE("secret references are resolved only where the schema marks a secret", "[config][unit]") {
    const auto result = resolve(
        R"({"base_url":"env:KEY","api_key":"env:KEY","keys":["env:OTHER","plain"],"headers":{"X-A":"env:KEY"},"enabled":false})",
        Environment{{"KEY", "sk-12345"}, {"OTHER", "sk-6789"}});
    CHECK(result.problems.empty());
    CHECK(result.json == R"({"base_url":"env:KEY","api_key":"sk-12345","keys":["sk-6789","plain"],)"
                         R"("headers":{"X-A":"sk-12345"},"enabled":false})");
    CHECK(result.secrets ==
          std::vector<Secret>{Secret("sk-12345"), Secret("sk-6789"), Secret("plain"), Secret("sk-12345")});
}

TEST_CASE("a secret is printed as stars", "[config][unit]") {
    std::ostringstream stream;
    stream << Secret("sk-12345");
    CHECK(stream.str() == "***");
}

TEST_CASE("a wrong secret does not appear in the problem", "[config][unit]") {
    const auto result = resolve(R"({"base_url":"u","api_key":"env:KEY"})", Environment{{"KEY", "abc"}});
    CHECK(texts(result.problems) ==
          Texts{"backends.a.config.api_key: found ***, expected a string of at least 4 characters"});
    CHECK(result.json.empty());
}

TEST_CASE("a secret that cannot be had is named, together with every other problem", "[config][unit]") {
    CHECK(
        texts(resolve(R"({"api_key":"env:NO_KEY","limit":"x","more":1})").problems) ==
        Texts{"backends.a.config.api_key: the environment variable \"NO_KEY\" of env: is not set",
              "backends.a.config.limit: found \"x\", expected a number of at least 0.5",
              "backends.a.config.more: unknown key (known: base_url, enabled, api_key, keys, headers, limit, pool, id)",
              "backends.a.config.base_url: missing, expected a string"});
}

TEST_CASE("a boolean is not a number", "[config][unit]") {
    CHECK(texts(resolve(R"({"base_url":"u","limit":true})").problems) ==
          Texts{"backends.a.config.limit: found true, expected a number of at least 0.5"});
}

TEST_CASE("the variable a value came from is named", "[config][unit]") {
    const Config config = config_of(
        "backends:\n  a:\n    plugin: a.so\n    config:\n      base_url: u\n      enabled: ${ENABLED:-true}\n",
        Environment{{"ENABLED", "maybe"}});
    const auto result = resolve_plugin_config(config.backends[0], kSchema, "backends.a.config", Environment());
    CHECK(texts(result.problems) ==
          Texts{"backends.a.config.enabled: found \"maybe\", expected true or false (from ${ENABLED})"});
}

TEST_CASE("text that a pattern would take too long for is refused", "[config][unit]") {
    const auto result = resolve(R"({"base_url":"u","id":")" + std::string(200000, 'a') + "\"}");
    REQUIRE(result.problems.size() == 1);
    CHECK(result.problems[0].path == "backends.a.config.id");
    CHECK(resolve(R"({"base_url":"u","id":")" + std::string(4096, 'a') + "\"}").problems.empty());
}

TEST_CASE("a pattern that does not match is shown", "[config][unit]") {
    CHECK(texts(resolve(R"({"base_url":"u","id":"A1"})").problems) ==
          Texts{"backends.a.config.id: found \"A1\", expected a string that matches ^[a-z]+$"});
}

TEST_CASE("a schema that is no schema is a problem, not an exception", "[config][unit]") {
    const std::string schema = GENERATE(as<std::string>(), "[]", "{", "5", R"({"type": 5})",
                                        R"({"properties": {"a": {"$ref": "#/nothing"}}})", R"({"pattern": "("})");
    INFO(schema);
    const auto result = resolve_plugin_config(R"({"a":"b"})", schema, "x", Environment());
    const bool may_be_valid = schema.find("pattern") != std::string::npos;  // a pattern is only used on strings
    CHECK((may_be_valid || result.problems.size() == 1));
}

TEST_CASE("a pattern that is no expression is a problem, not an exception", "[config][unit]") {
    const auto result =
        resolve_plugin_config(R"({"a":"b"})", R"({"properties":{"a":{"pattern":"("}}})", "x", Environment());
    REQUIRE(result.problems.size() == 1);
    CHECK_THAT(result.problems[0].text(), Catch::StartsWith("x: the plugin's schema cannot be used: "));
}

TEST_CASE("without a schema any mapping is taken as it is", "[config][unit]") {
    CHECK(resolve_plugin_config(R"({"b":1,"a":[1.5,"x"]})", "", "x", Environment()).json == R"({"b":1,"a":[1.5,"x"]})");
    CHECK(texts(resolve_plugin_config("[]", "", "x", Environment()).problems) ==
          Texts{"x: found a configuration that is not a mapping"});
    CHECK(resolve_plugin_config("{", "", "x", Environment()).problems.size() == 1);
}

TEST_CASE("a keyword without words of its own still refuses", "[config][unit]") {
    const auto refuse = [](const std::string& raw, const std::string& schema) {
        return resolve_plugin_config(raw, schema, "x", Environment()).problems.size();
    };
    CHECK(refuse(R"({"a":1})", R"({"properties":{"a":false}})") == 1);
    CHECK(refuse(R"({"A":1})", R"({"propertyNames":{"pattern":"^[a-z]$"}})") == 1);
    CHECK(refuse(R"({"a":1,"b":2})", R"({"maxProperties":1})") == 1);
    CHECK(refuse(R"({"a":[1,1]})", R"({"properties":{"a":{"type":"array","uniqueItems":true}}})") == 1);
    CHECK(refuse(R"({"a":5})", R"({"properties":{"a":{"oneOf":[{"type":"string"},{"type":"null"}]}}})") == 1);
}

TEST_CASE("a default does not change with the value made from it", "[config][unit]") {
    const char* schema = R"({"properties":{"a":{"type":"object","default":{},"properties":{"b":{"default":[1]}}}}})";
    CHECK(resolve_plugin_config("{}", schema, "x", Environment()).json == R"({"a":{"b":[1]}})");
}
