#pragma once

#include "config/config.hpp"
#include "config/problem.hpp"

#include <string_view>

namespace sluice::config {

/// Appends those of `more` whose path `problems` does not name yet: one value is wrong once.
void add_new_problems(const Problems& more, Problems& problems);

/// Adds ` (from ${NAME})` to every problem whose value came from an environment variable. The paths in `origins`
/// begin below `path_prefix`.
void note_origins(Problems& problems, const Origins& origins, std::string_view path_prefix);

/// The origins at or below `path`, with `path` taken off.
Origins origins_below(const Origins& origins, std::string_view path);

}  // namespace sluice::config
