#pragma once

#include "config/json_value.hpp"
#include "config/problem.hpp"

#include <string_view>

namespace sluice::config {

/// Checks a value against a JSON Schema (draft-07). Returns every problem, one per value, missing key or unknown
/// key; paths begin with `path`. Values the schema marks as secret are shown as `***`. Throws std::exception when
/// the schema itself is not valid.
Problems validate(const JsonValue& value, const JsonObject& schema, std::string_view path);

}  // namespace sluice::config
