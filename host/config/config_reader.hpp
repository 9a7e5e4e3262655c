#pragma once

#include "config/config.hpp"
#include "config/json_value.hpp"
#include "config/problem.hpp"

namespace sluice::config {

/// Fills the structs from a document. A value of a wrong type leaves its default: the schema has reported it, and
/// the rest of the document can still be checked. Reports what the schema cannot say: which keys exclude each
/// other, and texts with a form of their own.
Config read_config(const JsonObject& document, const Origins& origins, Problems& problems);

}  // namespace sluice::config
