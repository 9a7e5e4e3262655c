#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/environment.hpp"
#include "generation/generation.hpp"

namespace sluice::generation {

/// The instances, as paths in the configuration, whose `config` reads as in the running generation but refers to
/// secrets
/// (`env:`, `file:`) that are others now. [main-thread]
std::vector<std::string> changed_references(const config::Config& next, const Generation& running,
                                            const config::Environment& environment);

}  // namespace sluice::generation
