#pragma once

#include <string>

#include "isolation/plugin_description.hpp"
#include "result.hpp"

namespace sluice::isolation {

/// Has a process load the plugin and say what it is; waits for it, some seconds at most. The error is the plugin's own,
/// or what became of the process. [main-thread]
Result<PluginDescription> ask_for_description(const std::string& source, const std::string& copy,
                                              const std::string& sha256);

}  // namespace sluice::isolation
