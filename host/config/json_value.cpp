#include "config/json_value.hpp"

#include <Poco/JSON/JSONException.h>
#include <Poco/JSON/ParseHandler.h>
#include <Poco/JSON/Parser.h>
#include <Poco/JSON/Stringifier.h>

#include <sstream>

namespace sluice::config {

JsonObject make_object() { return new Poco::JSON::Object(Poco::JSON_PRESERVE_KEY_ORDER); }

JsonObject as_object(const JsonValue& value) {
    return value.type() == typeid(JsonObject) ? value.extract<JsonObject>() : JsonObject();
}

JsonArray as_array(const JsonValue& value) {
    return value.type() == typeid(JsonArray) ? value.extract<JsonArray>() : JsonArray();
}

std::string as_string(const JsonValue& value) {
    return value.isString() ? value.extract<std::string>() : std::string();
}

JsonValue member(const JsonObject& object, const std::string& key) {
    return object.isNull() ? JsonValue() : object->get(key);
}

JsonValue parse_json(std::string_view text) {
    Poco::JSON::ParseHandler::Ptr handler = new Poco::JSON::ParseHandler(true);
    Poco::JSON::Parser parser(handler);
    return parser.parse(std::string(text));
}

std::string to_text(const JsonValue& value) {
    std::ostringstream stream;
    Poco::JSON::Stringifier::stringify(value, stream, 0, -1, Poco::JSON_WRAP_STRINGS);
    return stream.str();
}

}  // namespace sluice::config
