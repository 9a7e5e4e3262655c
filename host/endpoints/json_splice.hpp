#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::endpoints {

// Changes single values of JSON text and leaves every other byte as it was. All of these rely on JSON that a parser has
// found valid.

inline constexpr std::size_t kNoPlace = std::string_view::npos;

/// Where the value of a member lies.
struct JsonPlace {
    std::size_t begin = kNoPlace;
    std::size_t end = kNoPlace;
};

/// The first byte from `at` on that is no blank, or the end.
std::size_t skip_blanks(std::string_view json, std::size_t at);
/// The member `name` of the object that begins at `at`; the first of several. Names written with escapes are not found.
JsonPlace member_of(std::string_view json, std::size_t at, std::string_view name);
std::string replaced(std::string_view json, JsonPlace place, std::string_view text);
/// With `member` as the first of the object that begins at `at`.
std::string with_member(std::string_view json, std::size_t at, std::string_view member);

}  // namespace sluice::endpoints
