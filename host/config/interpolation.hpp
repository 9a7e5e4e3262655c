#pragma once

#include "config/environment.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::config {

/// The text of a scalar after environment variables were taken in.
struct Interpolation {
    std::string text;
    std::vector<std::string> variables;  ///< the variables whose values are in `text`
    std::vector<std::string> problems;   ///< not empty: `text` is of no use
};

/// Replaces `${NAME}` by the variable's value, `${NAME:-default}` by the default when the variable is unset or
/// empty, and `$$` by `$`. Any other `$` stays. What a variable holds is not looked at again.
Interpolation interpolate(std::string_view text, const Environment& environment);

/// The variables as a message shows them: `${A}, ${B}`.
std::string variable_list(const std::vector<std::string>& variables);

}  // namespace sluice::config
