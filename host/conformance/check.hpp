#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/plugin_library.hpp"

namespace sluice::conformance {

/// The plugin that is checked, in a process of its own.
struct Subject {
    std::shared_ptr<const plugin::PluginLibrary> library;
    std::string settings;                      ///< of every instance: JSON that satisfies its schema
    std::chrono::milliseconds patience{5000};  ///< how long an answer may take
    /// Ends the process with this finding: for a plugin that must not even be destroyed any more.
    std::function<void(const std::string& found)> give_up;
};

/// One thing that has to hold.
struct Check {
    std::string_view name;  ///< a sentence about the plugin
    /// What was found and what was expected; empty where it holds. Throws what the fakes throw. [main-thread]
    std::string (*run)(const Subject& subject);
};

/// Those that fit the plugin, in the order in which they are to be run.
std::vector<Check> checks_for(const plugin::PluginLibrary& library);

/// Of any plugin, of a backend, of a middleware.
std::vector<Check> instance_checks();
std::vector<Check> backend_checks();
std::vector<Check> middleware_checks();

}  // namespace sluice::conformance
