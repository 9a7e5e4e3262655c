#include "config/value_description.hpp"

#include "config/utf8.hpp"

#include <algorithm>

namespace sluice::config {
namespace {

constexpr std::size_t kShownBytes = 64;
constexpr std::size_t kShownNames = 20;

bool has(const JsonObject& schema, const std::string& keyword) { return schema->has(keyword); }

/// `from 1 to 9`, `of at least 1`, `of at most 9` by the two keywords; empty when neither is there.
std::string range(const JsonObject& schema, const std::string& low, const std::string& high) {
    if (has(schema, low) && has(schema, high)) {
        return " from " + to_text(schema->get(low)) + " to " + to_text(schema->get(high));
    }
    if (has(schema, low)) return " of at least " + to_text(schema->get(low));
    if (has(schema, high)) return " of at most " + to_text(schema->get(high));
    return "";
}

std::string describe_string(const JsonObject& schema) {
    std::string text = "a string";
    const bool is_just_not_empty = to_text(member(schema, "minLength")) == "1" && !has(schema, "maxLength");
    if (is_just_not_empty) {
        text = "a string that is not empty";
    } else if (const std::string length = range(schema, "minLength", "maxLength"); !length.empty()) {
        text += length + " characters";
    }
    if (has(schema, "pattern")) text += " that matches " + as_string(schema->get("pattern"));
    return text;
}

std::string describe_type(const std::string& type, const JsonObject& schema) {
    if (type == "integer") return "an integer" + range(schema, "minimum", "maximum");
    if (type == "number") return "a number" + range(schema, "minimum", "maximum");
    if (type == "boolean") return "true or false";
    if (type == "string") return describe_string(schema);
    if (type == "object") return "a mapping";
    if (type == "null") return "null";
    if (type != "array") return type;
    const std::string count = range(schema, "minItems", "maxItems");
    return count.empty() ? "a list" : "a list" + count + " items";
}

std::string shown_choice(const JsonValue& value) { return value.isString() ? as_string(value) : to_text(value); }

std::string describe_choices(const JsonArray& choices) {
    std::vector<std::string> words;
    for (const JsonValue& choice : *choices) words.push_back(shown_choice(choice));
    return words.size() == 1 ? words.front() : "one of " + comma_list(words);
}

std::string join_with_or(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : " or ") + word;
    return text;
}

std::string describe_types(const JsonArray& types, const JsonObject& schema) {
    std::vector<std::string> words;
    for (const JsonValue& type : *types) words.push_back(describe_type(as_string(type), schema));
    return join_with_or(words);
}

std::string describe_alternatives(const JsonArray& alternatives) {
    std::vector<std::string> words;
    for (const JsonValue& alternative : *alternatives) {
        const JsonObject schema = as_object(alternative);
        const std::string text = schema.isNull() ? "" : describe_expected(SchemaNode(schema));
        if (!text.empty()) words.push_back(text);
    }
    return join_with_or(words);
}

}  // namespace

std::string describe_found(const JsonValue& value) {
    if (value.isEmpty()) return "nothing (null)";
    if (!as_object(value).isNull()) return "a mapping";
    if (!as_array(value).isNull()) return "a list";
    return value.isString() ? quoted(as_string(value)) : to_text(value);
}

std::string describe_expected(const SchemaNode& schema) {
    if (!schema.is_known()) return "";
    const JsonObject& keywords = schema.keywords();
    if (has(keywords, "x-expected")) return as_string(keywords->get("x-expected"));
    if (const JsonArray choices = as_array(member(keywords, "enum")); !choices.isNull())
        return describe_choices(choices);
    if (has(keywords, "const")) return shown_choice(keywords->get("const"));
    const JsonValue type = member(keywords, "type");
    if (type.isString()) return describe_type(as_string(type), keywords);
    if (const JsonArray types = as_array(type); !types.isNull()) return describe_types(types, keywords);
    for (const char* keyword : {"anyOf", "oneOf"}) {
        const JsonArray alternatives = as_array(member(keywords, keyword));
        if (!alternatives.isNull()) return describe_alternatives(alternatives);
    }
    return "";
}

std::string comma_list(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

std::string known_list(const std::vector<std::string>& names) {
    if (names.empty()) return " (none is known)";
    const std::size_t shown = std::min(names.size(), kShownNames);
    const std::vector<std::string> first(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown));
    return " (known: " + comma_list(first) + (shown < names.size() ? ", …)" : ")");
}

std::string quoted(const std::string& text) {
    const std::string_view shown = utf8_prefix(text, kShownBytes);
    return to_text(JsonValue(std::string(shown) + (shown.size() < text.size() ? "…" : "")));
}

}  // namespace sluice::config
