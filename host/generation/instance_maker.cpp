#include "generation/instance_maker.hpp"

#include <sluice/manifest.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "config/plugin_config.hpp"
#include "isolation/isolated_plugin.hpp"

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

void InstanceMaker::load(const config::Config& config) {
    for (const config::Backend& backend : config.backends) load_backend(backend);
    for (std::size_t index = 0; index < config.middleware.size(); ++index) {
        load_middleware(config.middleware[index], index);
    }
}

InstanceMaker::Library InstanceMaker::load_backend(const config::Backend& backend) {
    return load(backend, path_of(backend), SLUICE_KIND_BACKEND, "backend");
}

InstanceMaker::Library InstanceMaker::load_middleware(const config::Middleware& middleware, std::size_t index) {
    return load(middleware, path_of_middleware(index), SLUICE_KIND_MIDDLEWARE, "middleware");
}

InstanceMaker::Library InstanceMaker::load(const config::PluginInstance& instance, const std::string& path,
                                           std::uint32_t kind, std::string_view kind_name) {
    const LibraryKey key{plugin_source(instance, services_.plugin_dir), instance.isolation};
    auto planned = files_.files.find(key);
    if (planned == files_.files.end()) return nullptr;  // a problem of the plan
    const PlannedFile& file = planned->second;
    if ((file.manifest.kinds & kind) == 0) {
        problems_.push_back(
            {path + ".plugin", file.source.filename().string() + " is no " + std::string(kind_name) + " plugin"});
        return nullptr;
    }
    auto known = libraries_.find(key);
    if (known != libraries_.end()) return known->second;
    Library library = file.loaded;
    if (!library) {
        auto loaded = instance.isolation == config::Isolation::kProcess
                          ? isolation::load_isolated(file.file, services_.copies, services_.metrics)
                          : plugin::PluginLibrary::load(file.file, services_.copies, services_.load_options);
        if (!loaded) {
            problems_.push_back({path + ".plugin", loaded.error()});
            files_.files.erase(planned);  // one problem for one file
            return nullptr;
        }
        library = std::move(loaded).value();
    }
    libraries_.emplace(key, library);
    return library;
}

template <class T>
std::shared_ptr<const T> InstanceMaker::owned(std::unique_ptr<const T> object) {
    if (services_.reaper) return services_.reaper->own(std::move(object));
    return std::shared_ptr<const T>(std::move(object));
}

namespace {

bool is_unchanged(const plugin::PluginInstance& running, const plugin::InstanceSettings& settings,
                  const InstanceMaker::Library& library) {
    return &running.library() == library.get() && running.config_json() == settings.config_json;
}

/// The one of this name among what runs, or null.
template <class List>
typename List::value_type named(const List* list, const std::string& name) {
    if (!list) return nullptr;
    auto found = std::find_if(list->begin(), list->end(), [&](const auto& each) { return each->name() == name; });
    return found == list->end() ? nullptr : *found;
}

}  // namespace

std::shared_ptr<const backend::PluginBackend> InstanceMaker::make_backend(const config::Backend& backend,
                                                                          std::size_t max_queued_bytes) {
    Library library = load_backend(backend);
    auto settings = settings_of(backend, library, path_of(backend));
    if (!settings) return nullptr;
    auto running = named(running_ ? &running_->backends : nullptr, backend.name);
    bool is_same = running && running->max_queued_bytes() == max_queued_bytes &&
                   is_unchanged(running->instance(), *settings, library);
    if (is_same) return running;
    auto instance = make<plugin::BackendInstance>(std::move(*settings), backend, library, path_of(backend),
                                                  running ? &running->instance() : nullptr);
    if (!instance) return nullptr;
    auto slot = services_.metrics.backend_slot(backend.name);
    return owned<backend::PluginBackend>(
        std::make_unique<const backend::PluginBackend>(std::move(instance), slot, services_.workers, max_queued_bytes));
}

std::shared_ptr<const plugin::MiddlewareInstance> InstanceMaker::make_middleware(const config::Middleware& middleware,
                                                                                 std::size_t index) {
    Library library = load_middleware(middleware, index);
    const std::string path = path_of_middleware(index);
    auto settings = settings_of(middleware, library, path);
    if (!settings) return nullptr;
    auto running = named(running_ ? &running_->chain.links() : nullptr, middleware.name);
    if (running && is_unchanged(*running, *settings, library)) return running;
    auto instance = make<plugin::MiddlewareInstance>(std::move(*settings), middleware, library, path, running.get());
    return instance ? owned<plugin::MiddlewareInstance>(std::move(instance)) : nullptr;
}

std::unique_ptr<plugin::BackendInstance> InstanceMaker::make_for_command(const config::Backend& backend) {
    Library library = load_backend(backend);
    auto settings = settings_of(backend, library, path_of(backend));
    if (!settings) return nullptr;
    return make<plugin::BackendInstance>(std::move(*settings), backend, library, path_of(backend), nullptr);
}

std::unique_ptr<plugin::MiddlewareInstance> InstanceMaker::make_for_command(const config::Middleware& middleware,
                                                                            std::size_t index) {
    Library library = load_middleware(middleware, index);
    const std::string path = path_of_middleware(index);
    auto settings = settings_of(middleware, library, path);
    if (!settings) return nullptr;
    return make<plugin::MiddlewareInstance>(std::move(*settings), middleware, library, path, nullptr);
}

template <class Instance>
std::unique_ptr<Instance> InstanceMaker::make(plugin::InstanceSettings settings, const config::PluginInstance& instance,
                                              const Library& library, const std::string& path,
                                              const plugin::PluginInstance* predecessor) {
    if (predecessor) {
        if (auto outcome = quiesced_.quiesce(*predecessor); !outcome) {
            problems_.push_back({path, "the running instance does not let go: " + outcome.error()});
            return nullptr;
        }
    }
    auto made = Instance::create(library, std::move(settings), services_.instances);
    if (made) return std::move(made).value();
    problems_.push_back({path, with_origins(made.error(), instance)});
    return nullptr;
}

std::optional<plugin::InstanceSettings> InstanceMaker::settings_of(const config::PluginInstance& instance,
                                                                   const Library& library, const std::string& path) {
    if (!library) return std::nullopt;
    auto resolved = config::resolve_plugin_config(instance, library->config_schema(), path + ".config", environment_);
    if (!resolved.problems.empty()) {
        problems_.insert(problems_.end(), resolved.problems.begin(), resolved.problems.end());
        return std::nullopt;
    }
    return plugin::InstanceSettings{instance.name, std::move(resolved.json)};
}

}  // namespace sluice::generation
