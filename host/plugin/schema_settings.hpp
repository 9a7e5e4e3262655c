#pragma once

#include <string>
#include <string_view>

#include "plugin/plugin_library.hpp"
#include "result.hpp"

namespace sluice::plugin {

/// What the plugin's schema makes of an instance's configuration: defaults filled in, secrets taken from environment
/// and files. The error is every problem, with paths that begin with "config". [main-thread]
Result<std::string> settings_by_schema(std::string_view config_json, const PluginLibrary& library);

}  // namespace sluice::plugin
