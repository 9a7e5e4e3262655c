#pragma once

#include <string>
#include <vector>

#include "observability/explain_ring.hpp"
#include "plugin/plugin_instance.hpp"

namespace sluice::app {

/// `sluice explain REQUEST_ID` and `sluice explain --failed [N]`, either with --json, without its name: what became of
/// these requests, newest first. Exit code 1 where there is nothing to tell about an id. [any-thread]
plugin::CommandOutcome explain(const observability::ExplainRing& ring, const std::vector<std::string>& arguments);

}  // namespace sluice::app
