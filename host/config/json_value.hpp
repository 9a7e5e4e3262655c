// The JSON values the loader works on between YAML and the structs. For sources of this folder only.
#pragma once

#include <Poco/Dynamic/Var.h>
#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>

#include <string>
#include <string_view>

namespace sluice::config {

using JsonValue = Poco::Dynamic::Var;
using JsonObject = Poco::JSON::Object::Ptr;
using JsonArray = Poco::JSON::Array::Ptr;

/// An empty object that keeps its keys in the order they were set.
JsonObject make_object();

/// The object or array a value holds, shared with it; null when it holds something else.
JsonObject as_object(const JsonValue& value);
JsonArray as_array(const JsonValue& value);

/// The string a value holds; empty when it holds something else.
std::string as_string(const JsonValue& value);

/// The member named `key`; an empty value when there is none.
JsonValue member(const JsonObject& object, const std::string& key);

/// Parses JSON text, keeping the order of keys. Throws Poco::Exception when the text is not JSON.
JsonValue parse_json(std::string_view text);

/// The value as JSON text without blanks. The strings in it must be UTF-8.
std::string to_text(const JsonValue& value);

}  // namespace sluice::config
