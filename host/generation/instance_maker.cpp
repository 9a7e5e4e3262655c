#include "generation/instance_maker.hpp"

#include <sluice/manifest.h>

#include <filesystem>
#include <utility>

#include "config/plugin_config.hpp"

namespace sluice::generation {

namespace {

std::string path_of(const config::Backend& backend) { return "backends." + backend.name; }
std::string path_of_middleware(std::size_t index) { return "middleware[" + std::to_string(index) + "]"; }

/// A plugin's words about a value begin with its key; where that came from a variable of the environment, people look
/// for the variable.
std::string with_origins(std::string message, const config::PluginInstance& instance) {
    for (const auto& [key, variables] : instance.config_origins) {
        if (message.find(" " + key + ":") != std::string::npos) message += " (from " + variables + ")";
    }
    return message;
}

}  // namespace

InstanceMaker::Library InstanceMaker::load_backend(const config::Backend& backend) {
    return load(backend, path_of(backend), SLUICE_KIND_BACKEND, "backend");
}

InstanceMaker::Library InstanceMaker::load_middleware(const config::Middleware& middleware, std::size_t index) {
    return load(middleware, path_of_middleware(index), SLUICE_KIND_MIDDLEWARE, "middleware");
}

std::unique_ptr<plugin::BackendInstance> InstanceMaker::make_backend(const config::Backend& backend) {
    return make<plugin::BackendInstance>(backend, load_backend(backend), path_of(backend));
}

std::unique_ptr<plugin::MiddlewareInstance> InstanceMaker::make_middleware(const config::Middleware& middleware,
                                                                           std::size_t index) {
    return make<plugin::MiddlewareInstance>(middleware, load_middleware(middleware, index), path_of_middleware(index));
}

InstanceMaker::Library InstanceMaker::load(const config::PluginInstance& instance, const std::string& path,
                                           std::uint32_t kind, std::string_view kind_name) {
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

template <class Instance>
std::unique_ptr<Instance> InstanceMaker::make(const config::PluginInstance& instance, const Library& library,
                                              const std::string& path) {
    if (!library) return nullptr;
    auto settings = settings_of(instance, *library, path);
    if (!settings) return nullptr;
    auto made = Instance::create(library, std::move(*settings), services_.instances);
    if (made) return std::move(made).value();
    problems_.push_back({path, with_origins(made.error(), instance)});
    return nullptr;
}

std::optional<plugin::InstanceSettings> InstanceMaker::settings_of(const config::PluginInstance& instance,
                                                                   const plugin::PluginLibrary& library,
                                                                   const std::string& path) {
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

}  // namespace sluice::generation
