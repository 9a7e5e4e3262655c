#include "jwt/json_object.hpp"

#include <algorithm>
#include <vector>

namespace sluice::auth::jwt {

std::optional<simdjson::dom::object> parse_object(simdjson::dom::parser& parser, std::string_view json,
                                                  std::size_t max_members) {
    simdjson::dom::object object;
    // The parser copies the text to where it can read beyond its end.
    if (parser.parse(json.data(), json.size()).get(object) != simdjson::SUCCESS) return std::nullopt;
    return is_unambiguous(object, max_members) ? std::optional(object) : std::nullopt;
}

bool is_unambiguous(simdjson::dom::object object, std::size_t max_members) {
    std::vector<std::string_view> names;
    for (const auto member : object) {
        if (names.size() == max_members) return false;
        names.push_back(member.key);
    }
    std::sort(names.begin(), names.end());
    return std::adjacent_find(names.begin(), names.end()) == names.end();
}

Member read_text(simdjson::dom::object object, std::string_view name, std::string_view& value) {
    simdjson::dom::element element;
    if (object[name].get(element) != simdjson::SUCCESS) return Member::kAbsent;
    return element.get(value) == simdjson::SUCCESS ? Member::kRead : Member::kOtherKind;
}

}  // namespace sluice::auth::jwt
