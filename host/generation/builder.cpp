#include "generation/builder.hpp"

#include <sluice/manifest.h>

#include "config/plugin_config.hpp"
#include "plugin/plugin_library.hpp"

namespace sluice::generation {

namespace {

/// A plugin's words about a value begin with its key; where that came from a variable of the environment, people look
/// for the variable.
std::string with_origins(std::string message, const config::PluginInstance& instance) {
    for (const auto& [key, variables] : instance.config_origins) {
        if (message.find(" " + key + ":") != std::string::npos) message += " (from " + variables + ")";
    }
    return message;
}

/// Collects problems instead of stopping at the first one, as the loader of the configuration does.
class Builder {
public:
    Builder(const config::Config& config, const config::Environment& environment, const BuildServices& services)
        : config_(config), environment_(environment), services_(services) {}

    BuildResult build(std::uint64_t number) {
        auto generation = std::make_shared<Generation>();
        generation->number = number;
        generation->config = config_;
        make_backends(*generation);
        std::vector<std::unique_ptr<plugin::MiddlewareInstance>> links = make_middleware();
        if (!problems_.empty()) return {nullptr, std::move(problems_)};
        generation->chain = middleware::Chain(std::move(links));
        generation->catalog = std::make_shared<routing::ModelCatalog>(generation->backends, services_.query_loop);
        generation->router = std::make_unique<routing::Router>(config_, generation->backends, generation->catalog);
        generation->health =
            std::make_unique<endpoints::HealthReport>(generation->backends, services_.query_loop, services_.version);
        return {std::move(generation), {}};
    }

private:
    using Library = std::shared_ptr<const plugin::PluginLibrary>;

    void make_backends(Generation& generation) {
        for (const config::Backend& backend : config_.backends) {
            std::string path = "backends." + backend.name;
            Library library = load(backend, path, SLUICE_KIND_BACKEND, "backend");
            if (!library) continue;
            auto settings = settings_of(backend, *library, path);
            if (!settings) continue;
            auto instance = plugin::BackendInstance::create(library, std::move(*settings), services_.instances);
            if (!instance) {
                problems_.push_back({path, with_origins(instance.error(), backend)});
                continue;
            }
            auto slot = services_.metrics.backend_slot(backend.name);
            generation.backends.push_back(std::make_shared<backend::PluginBackend>(
                std::move(instance).value(), slot, services_.workers, config_.server.limits.client_queue_bytes));
        }
    }

    std::vector<std::unique_ptr<plugin::MiddlewareInstance>> make_middleware() {
        std::vector<std::unique_ptr<plugin::MiddlewareInstance>> links;
        for (std::size_t i = 0; i < config_.middleware.size(); ++i) {
            const config::Middleware& middleware = config_.middleware[i];
            std::string path = "middleware[" + std::to_string(i) + "]";
            Library library = load(middleware, path, SLUICE_KIND_MIDDLEWARE, "middleware");
            if (!library) continue;
            auto settings = settings_of(middleware, *library, path);
            if (!settings) continue;
            auto instance = plugin::MiddlewareInstance::create(library, std::move(*settings), services_.instances);
            if (instance) {
                links.push_back(std::move(instance).value());
            } else {
                problems_.push_back({path, with_origins(instance.error(), middleware)});
            }
        }
        return links;
    }

    /// One library for each file, however many instances use it.
    Library load(const config::PluginInstance& instance, const std::string& path, std::uint32_t kind,
                 std::string_view kind_name) {
        std::filesystem::path file = instance.plugin;
        if (file.is_relative()) file = services_.plugin_dir / file;
        auto known = libraries_.find(file.string());
        if (known == libraries_.end()) {
            auto loaded = plugin::PluginLibrary::load(file, services_.copies);
            if (!loaded) {
                problems_.push_back({path + ".plugin", loaded.error()});
                return nullptr;
            }
            known = libraries_.emplace(file.string(), std::move(loaded).value()).first;
        }
        if ((known->second->manifest().kinds & kind) == 0) {
            problems_.push_back(
                {path + ".plugin", file.filename().string() + " is no " + std::string(kind_name) + " plugin"});
            return nullptr;
        }
        return known->second;
    }

    std::optional<plugin::InstanceSettings> settings_of(const config::PluginInstance& instance,
                                                        const plugin::PluginLibrary& library, const std::string& path) {
        // sluice/plugin.h: without a schema only an empty object is accepted.
        constexpr std::string_view kNothing = R"({"type":"object","additionalProperties":false})";
        std::string_view schema = library.config_schema().empty() ? kNothing : library.config_schema();
        auto resolved = config::resolve_plugin_config(instance, schema, path + ".config", environment_);
        if (!resolved.problems.empty()) {
            problems_.insert(problems_.end(), resolved.problems.begin(), resolved.problems.end());
            return std::nullopt;
        }
        return plugin::InstanceSettings{instance.name, std::move(resolved.json)};
    }

    const config::Config& config_;
    const config::Environment& environment_;
    const BuildServices& services_;
    std::map<std::string, Library> libraries_;
    config::Problems problems_;
};

}  // namespace

BuildResult build(const config::Config& config, const config::Environment& environment, const BuildServices& services,
                  std::uint64_t number) {
    return Builder(config, environment, services).build(number);
}

}  // namespace sluice::generation
