#pragma once

#include "config/config.hpp"
#include "config/json_value.hpp"
#include "config/problem.hpp"

#include <vector>

namespace sluice::config {

/// The routes of a document that satisfies the schema. What the schema cannot say (exactly one of several keys) is
/// reported.
std::vector<Route> read_routes(const std::vector<JsonValue>& items, Problems& problems);

}  // namespace sluice::config
