#include "request/tool_definitions.hpp"

#include <algorithm>

#include "request/place.hpp"

namespace sluice::claude_code {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kMaxTools = 128;
constexpr std::size_t kMaxNameLength = 64;
constexpr std::string_view kNoParameters = R"({"type":"object","properties":{}})";

bool is_tool_name(std::string_view name) noexcept {
    const auto is_allowed = [](char c) {
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        return is_letter || (c >= '0' && c <= '9') || c == '_' || c == '-';
    };
    return !name.empty() && name.size() <= kMaxNameLength && std::all_of(name.begin(), name.end(), is_allowed);
}

// The program drops all tools if the schema of one is not an object's.
std::string read_parameters(const Place& place, const dom::element& value) {
    const dom::object schema = read_object(place, value);
    dom::element member;
    if (find_member(schema, "properties", member)) read_object(place.member("properties"), member);
    if (!find_member(schema, "type", member)) {
        const std::string rest = simdjson::minify(schema);
        return std::string(R"({"type":"object")") + (rest == "{}" ? "" : ",") + rest.substr(1);
    }
    const Place type = place.member("type");
    if (!member.is_string() || read_string(type, member) != "object") {
        refuse(type, shown(simdjson::minify(member)), "\"object\"");
    }
    return simdjson::minify(schema);
}

Tool read_function(const Place& place, const dom::object& function) {
    Tool tool;
    tool.name = required_string(place, function, "name");
    if (!is_tool_name(tool.name)) refuse(place.member("name"), shown(tool.name), "1 to 64 of a-z, A-Z, 0-9, _ and -");
    dom::element value;
    if (find_member(function, "description", value)) {
        tool.description = read_string(place.member("description"), value);
    }
    const bool has_parameters = find_member(function, "parameters", value);
    tool.parameters = has_parameters ? read_parameters(place.member("parameters"), value) : std::string(kNoParameters);
    return tool;
}

Tool read_tool(const Place& place, const dom::element& value) {
    const dom::object definition = read_object(place, value);
    const Place type = place.member("type");
    const std::string_view kind = read_string(type, required_member(place, definition, "type", "\"function\""));
    if (kind != "function") {
        refuse_unsupported(type, "tools of type " + shown(kind) + " are", "Offer tools of type function.");
    }
    const Place function = place.member("function");
    return read_function(function, read_object(function, required_member(place, definition, "function", "an object")));
}

// Of the choices only auto and none can be kept: nothing makes the program call a tool.
bool are_tools_wanted(const dom::object& body) {
    constexpr Place kPlace("tool_choice");
    constexpr std::string_view kAdvice = "Use \"auto\" or \"none\", or leave it out.";
    dom::element value;
    if (!find_member(body, "tool_choice", value)) return true;
    if (value.is_object()) refuse_unsupported(kPlace, "the choice of a certain tool is", kAdvice);
    const std::string_view choice = read_string(kPlace, value);
    if (choice == "required") refuse_unsupported(kPlace, "\"required\" is", kAdvice);
    if (choice != "auto" && choice != "none") refuse(kPlace, shown(choice), "\"auto\" or \"none\"");
    return choice == "auto";
}

}  // namespace

std::vector<Tool> read_tools(const dom::object& body) {
    constexpr Place kPlace("tools");
    std::vector<Tool> tools;
    dom::element value;
    const bool are_wanted = are_tools_wanted(body);
    if (!find_member(body, "tools", value)) return tools;
    for (const dom::element each : read_array(kPlace, value)) {
        if (tools.size() == kMaxTools) refuse(kPlace, "more than 128 tools", "at most 128");
        const Place place = kPlace.element(tools.size());
        Tool tool = read_tool(place, each);
        const auto is_same = [&tool](const Tool& other) { return other.name == tool.name; };
        if (std::any_of(tools.begin(), tools.end(), is_same)) {
            refuse(place.member("function"), "a second tool named " + shown(tool.name), "names that differ");
        }
        tools.push_back(std::move(tool));
    }
    if (!are_wanted) tools.clear();
    return tools;
}

}  // namespace sluice::claude_code
