#include "request/response_format.hpp"

#include "request/parameter_tiers.hpp"
#include "request/place.hpp"

namespace sluice::claude_code {
namespace {

namespace dom = simdjson::dom;

constexpr Place kFormat("response_format");

std::string read_schema(const dom::object& format) {
    const Place place = kFormat.member("json_schema");
    const dom::object named = read_object(place, required_member(kFormat, format, "json_schema", "an object"));
    const Place schema_place = place.member("schema");
    return simdjson::minify(read_object(schema_place, required_member(place, named, "schema", "an object")));
}

}  // namespace

std::string read_response_format(const dom::element& value, bool has_json_schema) {
    const dom::object format = read_object(kFormat, value);
    const std::string_view type = required_string(kFormat, format, "type");
    if (type == "text") return {};
    if (type == "json_schema" && has_json_schema) return read_schema(format);
    if (type == "json_object" || type == "json_schema") {
        refuse_unsupported(kFormat, "the type " + std::string(type) + " is", advice_for("response_format"));
    }
    refuse(kFormat.member("type"), shown(type), "text or json_schema");
}

}  // namespace sluice::claude_code
