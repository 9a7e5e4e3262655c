#pragma once

#include "config/config.hpp"
#include "config/problem.hpp"

namespace sluice::config {

/// What a schema cannot check: addresses, names, and whether the parts fit each other. Returns every problem, but
/// none that only follows from the `earlier` ones: where the schema found a value wrong, the structs hold a default.
Problems check_config(const Config& config, const Problems& earlier);

}  // namespace sluice::config
