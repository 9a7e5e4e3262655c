#pragma once

#include "config/config.hpp"
#include "config/environment.hpp"
#include "config/json_value.hpp"
#include "config/problem.hpp"

#include <string_view>

namespace sluice::config {

/// A YAML text as JSON values, with environment variables taken in. Where a value could not be had, the tree
/// holds null and `problems` names the path; a text that cannot be read at all gives a null root and a problem
/// without a path.
struct Document {
    JsonValue root;
    Origins origins;
    Problems problems;
};

/// Reads one YAML document. Strings that are not plain keep their type: `"8"` is a string, `8` an integer.
Document read_document(std::string_view text, const Environment& environment);

}  // namespace sluice::config
