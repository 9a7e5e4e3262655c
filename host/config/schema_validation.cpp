#include "config/schema_validation.hpp"

#include "config/document_path.hpp"
#include "config/schema_node.hpp"
#include "config/value_description.hpp"

#include <valijson/adapters/poco_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include <charconv>
#include <optional>
#include <set>

namespace sluice::config {
namespace {

/// A value of the document together with its path and the part of the schema that speaks of it.
struct Place {
    JsonValue value;
    std::string path;
    SchemaNode schema;
};

Place below(const Place& place, const std::string& step) {
    if (const JsonObject object = as_object(place.value); !object.isNull()) {
        return {object->get(step), path_of_key(place.path, step), place.schema.of_key(step)};
    }
    unsigned index = 0;
    std::from_chars(step.data(), step.data() + step.size(), index);
    const JsonArray array = as_array(place.value);
    const JsonValue item = array.isNull() ? JsonValue() : array->get(index);
    return {item, path_of_index(place.path, index), place.schema.of_items()};
}

/// valijson names a value by the steps `<root>`, `[server]`, `[0]`.
Place find_place(const Place& root, const std::vector<std::string>& steps) {
    Place place = root;
    for (std::size_t at = 1; at < steps.size(); ++at) place = below(place, steps[at].substr(1, steps[at].size() - 2));
    return place;
}

bool begins_with(const std::string& text, std::string_view start) { return text.compare(0, start.size(), start) == 0; }

/// Descriptions that only repeat that something below is wrong, which has a description of its own.
bool repeats_another(const std::string& description) {
    return begins_with(description, "Failed to validate against schema associated with") ||
           begins_with(description, "Failed to validate against additional properties schema") ||
           begins_with(description, "Failed to validate item #") ||
           begins_with(description, "Failed to validate against child schema #");
}

constexpr std::string_view kMissing = "Missing required property '";
constexpr std::string_view kUnknown =
    "Object contains a property that could not be validated using 'properties' or 'additionalProperties' constraints: "
    "'";

/// The key a description ends with, as `start` + key + `'.`.
std::string key_after(std::string_view start, const std::string& description) {
    return description.substr(start.size(), description.size() - start.size() - 2);
}

class Report {
public:
    explicit Report(Place root) : root_(std::move(root)) {}

    void add(const valijson::ValidationResults::Error& error) {
        if (repeats_another(error.description)) return;
        const Place place = find_place(root_, error.context);
        if (begins_with(error.description, kMissing)) {
            add_missing(place, key_after(kMissing, error.description));
        } else if (begins_with(error.description, kUnknown)) {
            add_unknown(place, key_after(kUnknown, error.description));
        } else {
            add_wrong(place, error.description);
        }
    }

    void add_wrong(const Place& place, const std::string& description) {
        const std::string found = place.schema.is_secret() ? "***" : describe_found(place.value);
        const std::string expected = describe_expected(place.schema);
        // The wording of the schema does not always hold the reason: "found a list, expected a list".
        const bool says_nothing = expected.empty() || expected == found;
        push(place.path, "found " + found + (says_nothing ? ": " + description : ", expected " + expected));
    }

    Problems take() { return std::move(problems_); }

private:
    void add_missing(const Place& place, const std::string& key) {
        const std::string expected = describe_expected(place.schema.of_key(key));
        push(path_of_key(place.path, key), "missing, expected " + (expected.empty() ? "a value" : expected));
    }

    /// valijson names only the first unknown key of a mapping; look for the others.
    void add_unknown(const Place& place, const std::string& first) {
        const JsonObject object = as_object(place.value);
        const JsonObject properties = as_object(member(place.schema.keywords(), "properties"));
        if (object.isNull() || properties.isNull() || place.schema.keywords()->has("patternProperties")) {
            push(path_of_key(place.path, first), "unknown key");
            return;
        }
        for (const std::string& key : object->getNames()) {
            if (properties->has(key)) continue;
            push(path_of_key(place.path, key), "unknown key" + known_list(properties->getNames()));
        }
    }

    void push(const std::string& path, const std::string& message) {
        if (paths_.insert(path).second) problems_.push_back({path, message});
    }

    Place root_;
    Problems problems_;
    std::set<std::string> paths_;
};

}  // namespace

Problems validate(const JsonValue& value, const JsonObject& schema, std::string_view path) {
    valijson::Schema parsed;
    valijson::SchemaParser parser;
    parser.populateSchema(valijson::adapters::PocoJsonAdapter(JsonValue(schema)), parsed);

    Report report({value, std::string(path), SchemaNode(schema)});
    valijson::Validator validator;
    valijson::ValidationResults results;
    const bool is_valid = validator.validate(parsed, valijson::adapters::PocoJsonAdapter(value), &results);
    for (const valijson::ValidationResults::Error& error : results) report.add(error);

    Problems problems = report.take();
    // A few keywords (`propertyNames`, `false`) refuse a value without a description.
    if (!is_valid && problems.empty()) problems.push_back({std::string(path), "does not fit the schema"});
    return problems;
}

}  // namespace sluice::config
