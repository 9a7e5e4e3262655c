#include "generation/plugin_plan.hpp"

#include <utility>

#include "generation/builder.hpp"
#include "plugin/elf_inspector.hpp"
#include "plugin/plugin_file.hpp"

namespace sluice::generation {

namespace {

class Planner {
public:
    Planner(const BuildServices& services, const Generation* running) : services_(services), running_(running) {}

    void add(const config::PluginInstance& instance, const std::string& config_path) {
        std::filesystem::path source = plugin_source(instance, services_.plugin_dir);
        LibraryKey key{source, instance.isolation};
        if (plan_.files.contains(key)) return;
        PlannedFile planned;
        planned.source = planned.file = source;
        planned.isolation = instance.isolation;
        planned.config_path = config_path;
        if (services_.shelf) planned.file = services_.shelf->file_for(source);
        if (!look_at(planned)) return;
        for (const auto& [other, file] : plan_.files) {
            if (file.manifest.name != planned.manifest.name || file.source == source) continue;
            return complain(planned, source.string() + " is a plugin named \"" + planned.manifest.name + "\", as " +
                                         file.source.string() + " is (" + file.config_path +
                                         "); expected one file for each name");
        }
        plan_.files.emplace(std::move(key), std::move(planned));
    }

    PluginPlan take() { return std::move(plan_); }

private:
    bool look_at(PlannedFile& planned) {
        auto known =
            running_ ? running_->libraries.find({planned.source, planned.isolation}) : Libraries::const_iterator();
        if (running_ && known != running_->libraries.end()) planned.replaced = known->second;
        if (planned.replaced && planned.replaced->source() == planned.file) {
            auto is_current = planned.replaced->is_current();
            if (!is_current) return complain(planned, is_current.error()), false;
            if (*is_current) {
                planned.loaded = planned.replaced;
                planned.manifest = planned.loaded->manifest();
                planned.sha256 = planned.loaded->sha256();
                return true;
            }
        }
        auto manifest = plugin::inspect_plugin_file(planned.file, {{}, &services_.instances.interfaces});
        if (!manifest) return complain(planned, manifest.error()), false;
        planned.manifest = std::move(manifest).value();
        auto sha256 = plugin::sha256_of_plugin_file(planned.file);
        if (!sha256) return complain(planned, sha256.error()), false;
        planned.sha256 = std::move(sha256).value();
        return true;
    }
    void complain(const PlannedFile& planned, std::string message) {
        plan_.problems.push_back({planned.config_path + ".plugin", std::move(message)});
    }

    const BuildServices& services_;
    const Generation* running_;
    PluginPlan plan_;
};

}  // namespace

std::filesystem::path plugin_source(const config::PluginInstance& instance, const std::filesystem::path& plugin_dir) {
    std::filesystem::path file = instance.plugin;
    return file.is_relative() ? plugin_dir / file : file;
}

PluginPlan plan_plugins(const config::Config& config, const BuildServices& services, const Generation* running) {
    Planner planner(services, running);
    for (const config::Backend& backend : config.backends) planner.add(backend, "backends." + backend.name);
    for (std::size_t index = 0; index < config.middleware.size(); ++index) {
        planner.add(config.middleware[index], "middleware[" + std::to_string(index) + "]");
    }
    return planner.take();
}

}  // namespace sluice::generation
