#pragma once

#include "config/json_value.hpp"

#include <string>

namespace sluice::config {

/// The value of a plain scalar by the core schema of YAML 1.2, or why JSON cannot hold it.
struct ScalarValue {
    JsonValue value;
    std::string problem;
};

/// null, true, false, integers (also 0x and 0o) and numbers; anything else is a string. `yes`, `on` and the like
/// are strings.
ScalarValue read_plain_scalar(const std::string& text);

}  // namespace sluice::config
