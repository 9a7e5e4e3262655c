#include "plugin/schema_settings.hpp"

#include <utility>

#include "config/plugin_config.hpp"

namespace sluice::plugin {

Result<std::string> settings_by_schema(std::string_view config_json, const PluginLibrary& library) {
    // sluice/plugin.h: without a schema only an empty object is accepted.
    constexpr std::string_view kNothing = R"({"type":"object","additionalProperties":false})";
    const std::string_view schema = library.config_schema().empty() ? kNothing : library.config_schema();
    auto resolved = config::resolve_plugin_config(config_json, schema, "config", config::Environment::of_process());
    if (resolved.problems.empty()) return std::move(resolved.json);
    std::string text;
    for (const config::Problem& problem : resolved.problems) text += (text.empty() ? "" : "; ") + problem.text();
    return Unexpected(std::move(text));
}

}  // namespace sluice::plugin
