#include "generation/command_builder.hpp"

#include <algorithm>
#include <utility>

#include "generation/instance_maker.hpp"

namespace sluice::generation {

namespace {

/// Notes what a library offers; true if it is the command that is looked for.
bool offers(const InstanceMaker::Library& library, std::string_view name, std::vector<std::string>& offered) {
    if (!library || !library->command()) return false;
    std::string command(library->command()->name.ptr, library->command()->name.len);
    bool is_it = command == name;
    if (std::find(offered.begin(), offered.end(), command) == offered.end()) offered.push_back(std::move(command));
    return is_it;
}

std::unique_ptr<plugin::PluginInstance> find(const config::Config& config, std::string_view name, InstanceMaker& maker,
                                             std::vector<std::string>& offered) {
    for (const config::Backend& backend : config.backends) {
        if (!offers(maker.load_backend(backend), name, offered)) continue;
        maker.problems().clear();  // of plugins that have nothing to do with it
        return maker.make_for_command(backend);
    }
    for (std::size_t index = 0; index < config.middleware.size(); ++index) {
        if (!offers(maker.load_middleware(config.middleware[index], index), name, offered)) continue;
        maker.problems().clear();
        return maker.make_for_command(config.middleware[index], index);
    }
    return nullptr;
}

}  // namespace

CommandSearch build_for_command(const config::Config& config, const config::Environment& environment,
                                const BuildServices& services, std::string_view name) {
    PluginPlan files = plan_plugins(config, services, nullptr);
    config::Problems unusable = std::move(files.problems);
    InstanceMaker maker(std::move(files), environment, services, nullptr);
    maker.problems() = std::move(unusable);
    CommandSearch search;
    search.instance = find(config, name, maker, search.offered);
    search.problems = std::move(maker.problems());
    return search;
}

}  // namespace sluice::generation
