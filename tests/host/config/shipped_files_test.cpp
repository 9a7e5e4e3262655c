// Every file in conf/ is loaded, and compared with what the schema and the structs say.
#include "config/document.hpp"
#include "config/json_value.hpp"
#include "config/plugin_config.hpp"
#include "loaded.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

using namespace sluice::config;
using namespace std::chrono_literals;

namespace {

const std::filesystem::path kFolder = SLUICE_CONF_DIR;

std::string content(const std::filesystem::path& file) {
    std::ifstream stream(file);
    REQUIRE(stream);
    return {std::istreambuf_iterator<char>(stream), {}};
}

LoadResult load_shipped(const Environment& environment) { return load_file(kFolder / "sluice.yaml", environment); }

/// All keys below a schema, as paths with `*` for names and `[]` for items.
void collect_schema_keys(const JsonObject& schema, const std::string& path, std::set<std::string>& keys) {
    if (const JsonObject properties = as_object(member(schema, "properties")); !properties.isNull()) {
        for (const std::string& key : properties->getNames()) {
            keys.insert(path + "." + key);
            collect_schema_keys(as_object(properties->get(key)), path + "." + key, keys);
        }
    }
    if (const JsonObject extra = as_object(member(schema, "additionalProperties")); !extra.isNull()) {
        collect_schema_keys(extra, path + ".*", keys);
    }
    if (const JsonObject items = as_object(member(schema, "items")); !items.isNull()) {
        collect_schema_keys(items, path + "[]", keys);
    }
}

/// The keys of a document in the same form, as far as `known` has them.
void collect_document_keys(const JsonValue& value, const std::string& path, const std::set<std::string>& known,
                           std::set<std::string>& keys) {
    if (const JsonObject object = as_object(value); !object.isNull()) {
        for (const std::string& key : object->getNames()) {
            const bool is_named = known.count(path + "." + key) > 0;
            const std::string below = path + "." + (is_named ? key : "*");
            keys.insert(below);
            collect_document_keys(object->get(key), below, known, keys);
        }
    }
    if (const JsonArray array = as_array(value); !array.isNull()) {
        for (const JsonValue& item : *array) collect_document_keys(item, path + "[]", known, keys);
    }
}

/// A mapping with every default the schema has, written out.
JsonObject defaults_of(const JsonObject& schema) {
    JsonObject result = make_object();
    const JsonObject properties = as_object(member(schema, "properties"));
    for (const std::string& key : properties->getNames()) {
        const JsonObject property = as_object(properties->get(key));
        const bool has_section = property->has("properties");
        if (has_section) result->set(key, defaults_of(property));
        if (!has_section && property->has("default")) result->set(key, property->get("default"));
    }
    return result;
}

/// The schema of a shipped plugin, by the name of its shared object; empty when it has none.
std::string plugin_schema(const std::string& plugin) {
    const auto folder = std::filesystem::path(plugin).stem();
    const auto file = std::filesystem::path(SLUICE_PLUGIN_SOURCE_DIR) / folder / "config.schema.json";
    return std::filesystem::exists(file) ? content(file) : "";
}

JsonObject schema() { return as_object(parse_json(schema_text())); }

}  // namespace

TEST_CASE("every file in conf loads without any variable", "[config][unit]") {
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(kFolder)) {
        if (entry.path().extension() != ".yaml") continue;
        INFO(entry.path());
        const LoadResult result = load_file(entry.path(), Environment());
        for (const Problem& problem : result.problems) UNSCOPED_INFO(problem.text());
        CHECK(result.config);
        ++files;
    }
    CHECK(files >= 9);
}

TEST_CASE("the defaults in the schema are those of the structs", "[config][unit]") {
    const JsonObject defaults = defaults_of(schema());
    CHECK(defaults->size() == 12);
    CHECK(config_of(to_text(JsonValue(defaults))) == Config());
}

TEST_CASE("the full configuration holds every key, and the defaults", "[config][unit]") {
    std::set<std::string> known;
    collect_schema_keys(schema(), "", known);
    std::set<std::string> written;
    collect_document_keys(read_document(content(kFolder / "full.yaml"), Environment()).root, "", known, written);
    for (const std::string& key : known) {
        INFO(key);
        CHECK(written.count(key) == 1);
    }
    Config config = config_of(content(kFolder / "full.yaml"));
    config.backends.clear();
    config.middleware.clear();
    config.request_headers.clear();
    config.routes.clear();
    CHECK(config == Config());
}

TEST_CASE("the shipped configuration without variables is what the contract says", "[config][unit]") {
    const auto result = load_shipped(Environment());
    REQUIRE(result.config);
    CHECK(result.config->server == Server());
    CHECK(result.config->log == Log());
    REQUIRE(result.config->backends.size() == 3);
    CHECK(
        result.config->backends[0].config_json ==
        R"({"base_url":"https://api.openai.com/v1","api_key":"","enabled":true,"allow_client_key":true,"proxy":"","no_proxy":""})");
    CHECK(
        result.config->backends[1].config_json ==
        R"({"cli_path":"claude","default_model":"sonnet","max_processes":10,"queue_timeout_ms":5000,"session_ttl_ms":3600000,"session_max_age_ms":86400000,"session_sweep_ms":60000,"silence_ms":300000,"shutdown_ms":10000})");
    REQUIRE(result.config->middleware.size() == 3);
    CHECK(result.config->middleware[0].config_json ==
          R"({"limits":[{"per":"address","requests":60,"window_ms":60000}]})");
    CHECK(result.config->middleware[1].config_json == R"({"api_key":"","api_keys":""})");
    CHECK(result.config->middleware[2].config_json ==
          R"({"limits":[{"per":"session","requests":10,"window_ms":60000},{"per":"key","concurrent":5}]})");
    CHECK(result.config->routes.size() == 6);
    CHECK(result.config->routes.back().targets.at(0).backend == "openai-passthrough");
}

TEST_CASE("every variable of the shipped configuration reaches its place", "[config][unit]") {
    const auto result = load_shipped(Environment{{"HOST", "0.0.0.0"},
                                                 {"PORT", "0"},
                                                 {"LOG_LEVEL", "trace"},
                                                 {"LOG_FORMAT", "pretty"},
                                                 {"CORS_ALLOWED_ORIGINS", "https://a.example,*"},
                                                 {"REQUEST_TIMEOUT_MS", "1"},
                                                 {"SHUTDOWN_TIMEOUT_MS", "2"},
                                                 {"SLUICE_STATE_DIR", "/s"},
                                                 {"OPENAI_API_KEY", "sk-1"},
                                                 {"OPENAI_BASE_URL", "http://u"},
                                                 {"OPENAI_PASSTHROUGH_ENABLED", "false"},
                                                 {"ALLOW_CLIENT_OPENAI_KEY", "false"},
                                                 {"HTTPS_PROXY", "http://p:1"},
                                                 {"NO_PROXY", "localhost"},
                                                 {"CLAUDE_PATH", "/opt/claude"},
                                                 {"DEFAULT_MODEL", "haiku"},
                                                 {"MAX_CONCURRENT_PROCESSES", "3"},
                                                 {"POOL_QUEUE_TIMEOUT_MS", "4"},
                                                 {"SESSION_TTL_MS", "5"},
                                                 {"MAX_SESSION_AGE_MS", "6"},
                                                 {"SESSION_CLEANUP_INTERVAL_MS", "700"},
                                                 {"API_KEY", "sk-a"},
                                                 {"API_KEYS", "sk-b,sk-c"},
                                                 {"RATE_LIMIT_PER_IP", "8"},
                                                 {"RATE_LIMIT_PER_SESSION", "9"},
                                                 {"RATE_LIMIT_WINDOW_MS", "1000"},
                                                 {"MAX_CONCURRENT_PER_KEY", "11"}});
    REQUIRE(result.config);
    const Config& config = *result.config;
    CHECK(config.server.host == "0.0.0.0");
    CHECK(config.server.port == 0);
    CHECK(config.log == Log{LogLevel::kTrace, LogFormat::kPretty, true});
    CHECK(config.server.cors.allowed_origins == std::vector<std::string>{"https://a.example", "*"});
    CHECK(config.server.timeouts.request == 1ms);
    CHECK(config.server.timeouts.shutdown == 2ms);
    CHECK(config.server.state_dir == "/s");
    const JsonObject plugin = as_object(parse_json(config.backends[0].config_json));
    CHECK(
        to_text(JsonValue(plugin)) ==
        R"({"base_url":"http://u","api_key":"sk-1","enabled":false,"allow_client_key":false,"proxy":"http://p:1","no_proxy":"localhost"})");
    CHECK(
        to_text(JsonValue(as_object(parse_json(config.backends[1].config_json)))) ==
        R"({"cli_path":"/opt/claude","default_model":"haiku","max_processes":3,"queue_timeout_ms":4,"session_ttl_ms":5,"session_max_age_ms":6,"session_sweep_ms":700,"silence_ms":1,"shutdown_ms":2})");
    REQUIRE(config.middleware.size() == 3);
    CHECK(config.middleware[0].config_json == R"({"limits":[{"per":"address","requests":8,"window_ms":1000}]})");
    CHECK(config.middleware[1].config_json == R"({"api_key":"sk-a","api_keys":"sk-b,sk-c"})");
    CHECK(config.middleware[2].config_json ==
          R"({"limits":[{"per":"session","requests":9,"window_ms":1000},{"per":"key","concurrent":11}]})");
}

TEST_CASE("a variable of the shipped configuration that does not parse is named", "[config][unit]") {
    const auto [name, value] = GENERATE(table<std::string, std::string>({{"PORT", "abc"},
                                                                         {"PORT", "65536"},
                                                                         {"PORT", "-1"},
                                                                         {"HOST", "nowhere"},
                                                                         {"LOG_LEVEL", "loud"},
                                                                         {"LOG_FORMAT", "xml"},
                                                                         {"REQUEST_TIMEOUT_MS", "-1"},
                                                                         {"REQUEST_TIMEOUT_MS", "1s"},
                                                                         {"REQUEST_TIMEOUT_MS", "0"},
                                                                         {"SHUTDOWN_TIMEOUT_MS", "x"},
                                                                         {"CORS_ALLOWED_ORIGINS", "app"}}));
    INFO(name << "=" << value);
    const auto result = load_shipped(Environment{{name, value}});
    REQUIRE(result.problems.size() == 1);
    CHECK_THAT(result.problems[0].text(), Catch::Contains("expected") && Catch::EndsWith("(from ${" + name + "})"));
}

TEST_CASE("the plugin configurations in conf fit the schemas of their plugins", "[config][unit]") {
    const Environment environment{{"DEEPSEEK_API_KEY", "sk-1"},
                                  {"AZURE_OPENAI_API_KEY", "sk-2"},
                                  {"OPENAI_API_KEY", "sk-3"},
                                  {"OPENAI_API_KEY_2", "sk-4"},
                                  {"SLUICE_HASH_KEY", std::string(32, 'k')}};
    std::size_t checked = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(kFolder)) {
        if (entry.path().extension() != ".yaml") continue;
        const LoadResult result = load_file(entry.path(), environment);
        REQUIRE(result.config);
        std::vector<PluginInstance> instances = result.config->backends;
        instances.insert(instances.end(), result.config->middleware.begin(), result.config->middleware.end());
        for (const PluginInstance& instance : instances) {
            const std::string plugin = plugin_schema(instance.plugin);
            if (plugin.empty()) continue;
            ++checked;
            for (const Problem& problem :
                 resolve_plugin_config(instance, plugin, instance.name, environment).problems) {
                // The files that examples read their keys from are those of the operator.
                INFO(entry.path() << ": " << problem.text());
                CHECK_THAT(problem.message, Catch::Contains("/run/secrets/"));
            }
        }
    }
    CHECK(checked >= 12);
}

TEST_CASE("a switch of the passthrough that does not parse is named with its variable", "[config][unit]") {
    const auto name = GENERATE(as<std::string>(), "OPENAI_PASSTHROUGH_ENABLED", "ALLOW_CLIENT_OPENAI_KEY");
    const auto result = load_shipped(Environment{{name, "maybe"}});
    REQUIRE(result.config);
    const auto resolved = resolve_plugin_config(result.config->backends[0], plugin_schema("openai.so"),
                                                "backends.openai-passthrough.config", Environment());
    REQUIRE(resolved.problems.size() == 1);
    CHECK_THAT(resolved.problems[0].text(),
               Catch::StartsWith("backends.openai-passthrough.config.") &&
                   Catch::EndsWith("found \"maybe\", expected true or false (from ${" + name + "})"));
}

TEST_CASE("a limit from the environment that does not parse is named with its variable", "[config][unit]") {
    const auto [name, link] = GENERATE(table<std::string, int>({{"RATE_LIMIT_PER_IP", 0},
                                                                {"RATE_LIMIT_WINDOW_MS", 0},
                                                                {"RATE_LIMIT_PER_SESSION", 2},
                                                                {"MAX_CONCURRENT_PER_KEY", 2}}));
    const std::string value = GENERATE(as<std::string>(), "many", "-1", "1.5");
    INFO(name << "=" << value);
    const auto result = load_shipped(Environment{{name, value}});
    REQUIRE(result.config);
    const auto resolved =
        resolve_plugin_config(result.config->middleware[static_cast<std::size_t>(link)], plugin_schema("ratelimit.so"),
                              "middleware[" + std::to_string(link) + "].config", Environment());
    REQUIRE(resolved.problems.size() == 1);
    CHECK_THAT(resolved.problems[0].text(), Catch::Contains("expected") && Catch::EndsWith("(from ${" + name + "})"));
}
