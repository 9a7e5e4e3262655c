// JSON objects from outside, read strictly.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <optional>
#include <string_view>

namespace sluice::auth::jwt {

// The one object that `json` is. nullopt if it is anything else, has more than `max_members` members, or has one
// twice: two readers of such an object could see two different ones. Valid until the parser's next document.
std::optional<simdjson::dom::object> parse_object(simdjson::dom::parser& parser, std::string_view json,
                                                  std::size_t max_members);

// Whether an object has at most `max_members` members, each of them once.
bool is_unambiguous(simdjson::dom::object object, std::size_t max_members);

// What became of reading a member.
enum class Member { kAbsent, kRead, kOtherKind };

Member read_text(simdjson::dom::object object, std::string_view name, std::string_view& value);

}  // namespace sluice::auth::jwt
