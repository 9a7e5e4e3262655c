#include "generation/changed_references.hpp"

#include <algorithm>

#include "config/plugin_config.hpp"

namespace sluice::generation {

namespace {

/// True if it can be had and is another than the one that runs. One that cannot be had is found where it is made.
bool has_other_secrets(const config::PluginInstance& next, const config::PluginInstance& before,
                       const plugin::PluginInstance& running, const config::Environment& environment) {
    if (next.config_json != before.config_json) return false;
    auto resolved = config::resolve_plugin_config(next, running.library().config_schema(), "config", environment);
    return !resolved.problems.empty() || resolved.json != running.config_json();
}

template <class List>
auto named(const List& list, const std::string& name) -> const typename List::value_type* {
    auto found = std::find_if(list.begin(), list.end(), [&](const auto& each) { return each.name == name; });
    return found == list.end() ? nullptr : &*found;
}

}  // namespace

std::vector<std::string> changed_references(const config::Config& next, const Generation& running,
                                            const config::Environment& environment) {
    std::vector<std::string> paths;
    for (const auto& backend : running.backends) {
        const auto* configured = named(next.backends, backend->name());
        const auto* before = named(running.config.backends, backend->name());
        if (configured && before && has_other_secrets(*configured, *before, backend->instance(), environment)) {
            paths.push_back("backends." + backend->name() + ".config");
        }
    }
    for (std::size_t index = 0; index < next.middleware.size(); ++index) {
        const auto& links = running.chain.links();
        auto link = std::find_if(links.begin(), links.end(),
                                 [&](const auto& each) { return each->name() == next.middleware[index].name; });
        const auto* before = named(running.config.middleware, next.middleware[index].name);
        if (link != links.end() && before && has_other_secrets(next.middleware[index], *before, **link, environment)) {
            paths.push_back("middleware[" + std::to_string(index) + "].config");
        }
    }
    return paths;
}

}  // namespace sluice::generation
