#include "net/command_wire.hpp"

#include <Poco/Exception.h>
#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>

#include "http/error_table.hpp"

namespace sluice::net {

namespace {

constexpr std::size_t kMaxDepth = 8;

/// The object that the text is; null for anything else.
Poco::JSON::Object::Ptr parsed_object(const std::string& json) {
    try {
        Poco::JSON::Parser parser;
        parser.setDepth(kMaxDepth);
        Poco::Dynamic::Var value = parser.parse(json);
        if (value.type() == typeid(Poco::JSON::Object::Ptr)) return value.extract<Poco::JSON::Object::Ptr>();
    } catch (const Poco::Exception&) {
        // Not JSON: as good as no object.
    }
    return {};
}

}  // namespace

std::string command_request_json(const std::vector<std::string>& arguments) {
    std::string json = R"({"arguments":[)";
    for (std::size_t index = 0; index < arguments.size(); ++index) {
        if (index > 0) json += ',';
        http::append_json_string(json, arguments[index]);
    }
    return json + "]}";
}

Result<std::vector<std::string>> read_command_request(const std::string& json) {
    const auto object = parsed_object(json);
    const auto array = object ? object->getArray("arguments") : Poco::JSON::Array::Ptr();
    if (!array) return Unexpected<std::string>(R"(found something else, expected {"arguments":["..."]})");
    std::vector<std::string> arguments;
    for (const Poco::Dynamic::Var& argument : *array) {
        if (!argument.isString()) return Unexpected<std::string>("arguments: expected texts only");
        arguments.push_back(argument.extract<std::string>());
    }
    return arguments;
}

std::string command_outcome_json(const plugin::CommandOutcome& outcome) {
    std::string json = R"({"exit_code":)" + std::to_string(outcome.exit_code) + R"(,"output":)";
    http::append_json_string(json, outcome.output);
    json += R"(,"errors":)";
    http::append_json_string(json, outcome.errors);
    return json + "}";
}

Result<plugin::CommandOutcome> read_command_outcome(const std::string& json) {
    const auto object = parsed_object(json);
    if (!object || !object->has("exit_code")) {
        return Unexpected<std::string>(R"(found something else, expected {"exit_code","output","errors"})");
    }
    try {
        return plugin::CommandOutcome{object->getValue<int>("exit_code"), object->optValue<std::string>("output", ""),
                                      object->optValue<std::string>("errors", "")};
    } catch (const Poco::Exception& error) {
        return Unexpected("a member does not have its type: " + error.displayText());
    }
}

std::string read_error_message(const std::string& json) {
    const auto object = parsed_object(json);
    const auto error = object ? object->getObject("error") : Poco::JSON::Object::Ptr();
    return error ? error->optValue<std::string>("message", json) : json;
}

}  // namespace sluice::net
