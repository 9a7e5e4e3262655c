#include "reload/plugin_trial.hpp"

#include <map>
#include <string>

#include "plugin/probe_process.hpp"

namespace sluice::reload {

config::Problems try_file(const generation::PlannedFile& file, const config::Config& config,
                          const generation::BuildServices& services, int stop_descriptor) {
    plugin::ProbeRequest request;
    request.file = file.file;
    std::map<std::string, std::string> paths;  // in the configuration, by instance
    auto add = [&](const config::PluginInstance& instance, bool is_backend, std::string path) {
        const bool is_of_file = generation::plugin_source(instance, services.plugin_dir) == file.source &&
                                instance.isolation == file.isolation;
        if (!is_of_file) return;
        request.instances.push_back({instance.name, instance.config_json, is_backend});
        paths.emplace(instance.name, std::move(path));
    };
    for (const config::Backend& backend : config.backends) add(backend, true, "backends." + backend.name);
    for (std::size_t index = 0; index < config.middleware.size(); ++index) {
        add(config.middleware[index], false, "middleware[" + std::to_string(index) + "]");
    }
    plugin::ProbeLimits limits;
    limits.timeout = config.reload.probe_timeout;
    limits.stop_descriptor = stop_descriptor;
    limits.scratch = services.copies.folder().parent_path();  // where code may be mapped from
    auto outcome = plugin::probe(request, limits);
    if (outcome) return {};
    const plugin::ProbeFailure& failure = outcome.error();
    auto known = paths.find(failure.instance);
    const std::string path = known == paths.end() ? file.config_path + ".plugin" : known->second;
    return {{path, file.file.string() + ": " + failure.step + ": " + failure.reason}};
}

}  // namespace sluice::reload
