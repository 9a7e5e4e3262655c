#include "plugin/schema_settings.hpp"

#include <utility>

#include "config/plugin_config.hpp"

namespace sluice::plugin {

Result<std::string> settings_by_schema(std::string_view config_json, const PluginLibrary& library) {
    auto resolved = config::resolve_plugin_config(config_json, library.config_schema(), "config",
                                                  config::Environment::of_process());
    if (resolved.problems.empty()) return std::move(resolved.json);
    std::string text;
    for (const config::Problem& problem : resolved.problems) text += (text.empty() ? "" : "; ") + problem.text();
    return Unexpected(std::move(text));
}

}  // namespace sluice::plugin
