#include "config.hpp"

#include <simdjson.h>
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "config_schema.hpp"

using namespace sluice::claude_code;
using simdjson::dom::element;
using simdjson::dom::object;

namespace {

struct Option {
    std::string path;          // features.tools
    std::string default_json;  // empty: none
    std::string other_json;    // a value that is not the default
};

// A value the schema allows beside `schema`'s default.
std::string other_value(const std::string& name, const object& schema) {
    if (name == "models") return R"({"gpt-*":"opus"})";
    if (name == "warm_processes") return R"({"sonnet":2})";
    const std::string type{schema["type"].get_string().value()};
    if (type == "string") return R"("another")";
    if (type == "boolean") return schema["default"].get_bool().value() ? "false" : "true";
    if (type == "array") return R"(["a secret"])";
    return std::to_string(schema["default"].get_uint64().value() + 1);
}

void add_options(const object& schema, const std::string& prefix, std::vector<Option>& options) {
    const object properties = schema["properties"].get_object().value();
    for (const auto [name, value] : properties) {
        const object option = value.get_object().value();
        element of_option;
        if (option["properties"].get(of_option) == simdjson::SUCCESS) {
            add_options(option, std::string(name) + ".", options);
            continue;
        }
        const bool has_default = option["default"].get(of_option) == simdjson::SUCCESS;
        options.push_back(Option{prefix + std::string(name), has_default ? simdjson::minify(of_option) : std::string(),
                                 other_value(std::string(name), option)});
    }
}

std::vector<Option> options_of_schema() {
    simdjson::dom::parser parser;
    std::vector<Option> options;
    add_options(parser.parse(std::string(kConfigSchema)).get_object().value(), "", options);
    return options;
}

Config with(const std::string& path, const std::string& json) {
    const std::size_t dot = path.find('.');
    if (dot == std::string::npos) return parse_config("{\"" + path + "\":" + json + "}");
    return parse_config("{\"" + path.substr(0, dot) + "\":{\"" + path.substr(dot + 1) + "\":" + json + "}}");
}

}  // namespace

TEST_CASE("the defaults of the options are the schema's", "[claude_code][unit]") {
    const std::vector<Option> options = options_of_schema();
    CHECK(options.size() > 20);
    for (const Option& option : options) {
        INFO(option.path << ": " << option.default_json);
        if (!option.default_json.empty()) CHECK((with(option.path, option.default_json) == parse_config("{}")));
    }
}

TEST_CASE("every option of the schema is read", "[claude_code][unit]") {
    for (const Option& option : options_of_schema()) {
        INFO(option.path << ": " << option.other_json);
        CHECK_FALSE((with(option.path, option.other_json) == parse_config("{}")));
    }
}

TEST_CASE("options are read in their units", "[claude_code][unit]") {
    const Config config = parse_config(
        R"({"max_memory_mib":3,"process_idle_ms":1500,"models":{"a":"b","c*":"d"},"warm_processes":{"sonnet":2},)"
        R"("redact":["hunter2"],"features":{"tools":true}})");
    CHECK(config.max_memory_bytes == 3 * 1024 * 1024);
    CHECK(config.process_idle == std::chrono::milliseconds(1500));
    CHECK(config.models == std::vector<std::pair<std::string, std::string>>{{"a", "b"}, {"c*", "d"}});
    CHECK(config.warm_processes == std::map<std::string, std::size_t>{{"sonnet", 2}});
    CHECK(config.redact == std::vector<std::string>{"hunter2"});
    CHECK(config.features.has_tools);
    CHECK_FALSE(config.features.has_images);
}

TEST_CASE("control characters are refused without showing the secret they are in", "[claude_code][unit]") {
    const std::string key = GENERATE("cli_path", "anthropic_api_key", "oauth_token", "base_url");
    CHECK_THROWS_WITH(with(key, R"("sk-hidden\nX: y")"), key + ": found control characters, expected none");
    CHECK_THROWS_WITH(parse_config("[]"), "the configuration is not a JSON object");
}
