#pragma once

#include <string>
#include <string_view>

namespace sluice::endpoints {

/// A copy of `json` in which every number that is well-formed (RFC 8259, 6) but may be too large for a 64-bit type is
/// replaced by a short one of the same length in blanks. The parser refuses such numbers, the grammar does not: whether
/// one is acceptable is for the backend to judge, which gets the bytes as they came.
std::string with_short_numbers(std::string_view json);

}  // namespace sluice::endpoints
