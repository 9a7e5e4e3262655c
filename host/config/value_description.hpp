#pragma once

#include "config/json_value.hpp"
#include "config/schema_node.hpp"

#include <string>
#include <vector>

namespace sluice::config {

/// How an error message shows a value: `"abc"`, `12`, `a mapping`, `nothing (null)`; long text is cut.
std::string describe_found(const JsonValue& value);

/// What a schema asks for: `an integer from 0 to 65535`, `one of json, pretty`; empty when it says nothing that
/// can be put in words.
std::string describe_expected(const SchemaNode& schema);

/// `a, b, c`.
std::string comma_list(const std::vector<std::string>& words);

/// ` (known: a, b)`, or ` (none is known)`; a long list is cut.
std::string known_list(const std::vector<std::string>& names);

/// Text as an error message shows it: quoted, escaped as in JSON, and cut when it is long.
std::string quoted(const std::string& text);

}  // namespace sluice::config
