#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::bench {

/// The number that `text` consists of: digits only, blanks around it allowed. Nothing for anything else.
std::optional<std::int64_t> parse_decimal(std::string_view text);

/// The number of the command-line option `option`; ends the process with a message when `text` is none.
std::int64_t require_decimal(std::string_view option, std::string_view text);

/// The same for a number that may have a fraction, like `1.5`.
double require_fraction(std::string_view option, const char* text);

}  // namespace sluice::bench
