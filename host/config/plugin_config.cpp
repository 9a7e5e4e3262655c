#include "config/plugin_config.hpp"

#include "config/document_path.hpp"
#include "config/json_value.hpp"
#include "config/problem_list.hpp"
#include "config/schema_node.hpp"
#include "config/schema_validation.hpp"
#include "config/secret_reference.hpp"

#include <Poco/Exception.h>

#include <exception>

namespace sluice::config {
namespace {

/// Longest string, in bytes, that is matched against a `pattern`: std::regex, which valijson uses, recurses once
/// per character and would overflow the stack.
constexpr std::size_t kMaxMatchedBytes = 4096;

/// Walks a configuration along its schema: fills in defaults and replaces secret references.
class PluginConfigResolver {
public:
    PluginConfigResolver(const Environment& environment, ResolvedPluginConfig& result)
        : environment_(environment), result_(result) {}

    void resolve_object(JsonObject object, const SchemaNode& schema, const std::string& path) {
        fill_defaults(object, schema);
        for (const std::string& key : object->getNames()) {
            object->set(key, resolve(object->get(key), schema.of_key(key), path_of_key(path, key)));
        }
    }

private:
    static void fill_defaults(JsonObject object, const SchemaNode& schema) {
        const JsonObject properties = as_object(member(schema.keywords(), "properties"));
        if (properties.isNull()) return;
        for (const std::string& key : properties->getNames()) {
            const SchemaNode property = schema.of_key(key);
            if (object->has(key) || !property.is_known() || !property.keywords()->has("default")) continue;
            object->set(key, copy_of(property.keywords()->get("default")));
        }
    }

    /// Objects and lists are shared when assigned; a default must not change with the value made from it.
    static JsonValue copy_of(const JsonValue& value) {
        const bool is_shared = !as_object(value).isNull() || !as_array(value).isNull();
        return is_shared ? parse_json(to_text(value)) : value;
    }

    JsonValue resolve(const JsonValue& value, const SchemaNode& schema, const std::string& path) {
        if (const JsonObject object = as_object(value); !object.isNull()) {
            resolve_object(object, schema, path);
        } else if (JsonArray array = as_array(value); !array.isNull()) {
            for (std::size_t at = 0; at < array->size(); ++at) {
                const auto index = static_cast<unsigned>(at);
                array->set(index, resolve(array->get(index), schema.of_items(), path_of_index(path, at)));
            }
        } else if (schema.is_secret() && value.isString()) {
            return resolve_secret_text(as_string(value), path);
        }
        return value;
    }

    JsonValue resolve_secret_text(const std::string& text, const std::string& path) {
        const SecretValue resolved = resolve_secret(text, environment_);
        if (!resolved.problem.empty()) result_.problems.push_back({path, resolved.problem});
        if (!resolved.secret.reveal().empty()) result_.secrets.push_back(resolved.secret);
        return resolved.secret.reveal();
    }

    const Environment& environment_;
    ResolvedPluginConfig& result_;
};

bool uses_pattern(const JsonValue& schema) {
    if (const JsonObject object = as_object(schema); !object.isNull()) {
        if (object->has("pattern") || object->has("patternProperties")) return true;
        for (const std::string& key : object->getNames()) {
            if (uses_pattern(object->get(key))) return true;
        }
    } else if (const JsonArray array = as_array(schema); !array.isNull()) {
        for (const JsonValue& item : *array) {
            if (uses_pattern(item)) return true;
        }
    }
    return false;
}

void report_long_text(const JsonValue& value, const std::string& path, Problems& problems) {
    const std::string message = "found text of more than " + std::to_string(kMaxMatchedBytes) +
                                " bytes, expected less where the plugin's schema has patterns";
    if (const JsonObject object = as_object(value); !object.isNull()) {
        for (const std::string& key : object->getNames()) {
            if (key.size() > kMaxMatchedBytes) problems.push_back({path, message});
            report_long_text(object->get(key), path_of_key(path, key), problems);
        }
    } else if (const JsonArray array = as_array(value); !array.isNull()) {
        for (std::size_t at = 0; at < array->size(); ++at) {
            report_long_text(array->get(static_cast<unsigned>(at)), path_of_index(path, at), problems);
        }
    } else if (as_string(value).size() > kMaxMatchedBytes) {
        problems.push_back({path, message});
    }
}

/// The schema as an object; throws what the parser throws.
JsonObject read_schema(std::string_view text) {
    const JsonObject schema = text.empty() ? make_object() : as_object(parse_json(text));
    if (schema.isNull()) throw Poco::DataFormatException("not an object");
    return schema;
}

void resolve_checked(const JsonValue& value, const JsonObject& schema, const std::string& path,
                     const Environment& environment, ResolvedPluginConfig& result) {
    const JsonObject object = as_object(value);
    if (object.isNull()) {
        result.problems.push_back({path, "found a configuration that is not a mapping"});
        return;
    }
    PluginConfigResolver(environment, result).resolve_object(object, SchemaNode(schema), path);
    Problems long_texts;
    if (uses_pattern(JsonValue(schema))) report_long_text(value, path, long_texts);
    const Problems unfit = long_texts.empty() ? validate(value, schema, path) : long_texts;
    add_new_problems(unfit, result.problems);
    if (result.problems.empty()) result.json = to_text(value);
}

}  // namespace

ResolvedPluginConfig resolve_plugin_config(std::string_view raw, std::string_view schema_text,
                                           std::string_view path_prefix, const Environment& environment,
                                           const Origins& origins) {
    ResolvedPluginConfig result;
    const std::string path(path_prefix);
    std::string step = "the configuration is not JSON: ";
    try {
        const JsonValue value = parse_json(raw);
        step = "the plugin's schema cannot be used: ";
        resolve_checked(value, read_schema(schema_text), path, environment, result);
    } catch (const Poco::Exception& error) {
        result.problems.push_back({path, step + error.displayText()});
    } catch (const std::exception& error) {
        result.problems.push_back({path, step + error.what()});
    }
    note_origins(result.problems, origins, path);
    return result;
}

ResolvedPluginConfig resolve_plugin_config(const PluginInstance& instance, std::string_view schema_text,
                                           std::string_view path_prefix, const Environment& environment) {
    return resolve_plugin_config(instance.config_json, schema_text, path_prefix, environment, instance.config_origins);
}

}  // namespace sluice::config
