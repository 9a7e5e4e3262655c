#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "config/config.hpp"
#include "config/environment.hpp"
#include "config/problem.hpp"
#include "generation/builder.hpp"
#include "plugin/plugin_instance.hpp"
#include "plugin/plugin_library.hpp"

namespace sluice::generation {

/// Makes instances of what is configured, or shares those of the running generation. Collects problems instead of
/// stopping at the first one, as the loader of the configuration does. [main-thread]
class InstanceMaker {
public:
    using Library = std::shared_ptr<const plugin::PluginLibrary>;

    /// The references, and `running`, outlive the maker.
    InstanceMaker(PluginPlan files, const config::Environment& environment, const BuildServices& services,
                  const Generation* running)
        : files_(std::move(files)), environment_(environment), services_(services), running_(running) {}

    /// Loads what the instances need: one library for each file, however many use it.
    void load(const config::Config& config);
    /// The library of an instance; null where there is a problem.
    Library load_backend(const config::Backend& backend);
    Library load_middleware(const config::Middleware& middleware, std::size_t index);
    /// The instance itself; null where there is a problem.
    std::shared_ptr<const backend::PluginBackend> make_backend(const config::Backend& backend,
                                                               std::size_t max_queued_bytes);
    std::shared_ptr<const plugin::MiddlewareInstance> make_middleware(const config::Middleware& middleware,
                                                                      std::size_t index);
    /// An instance for one command, shared with nobody.
    std::unique_ptr<plugin::BackendInstance> make_for_command(const config::Backend& backend);
    std::unique_ptr<plugin::MiddlewareInstance> make_for_command(const config::Middleware& middleware,
                                                                 std::size_t index);

    config::Problems& problems() noexcept { return problems_; }
    Libraries take_libraries() { return std::move(libraries_); }
    QuiescedInstances take_quiesced() { return std::move(quiesced_); }

private:
    Library load(const config::PluginInstance& instance, const std::string& path, std::uint32_t kind,
                 std::string_view kind_name);
    template <class Instance>
    std::unique_ptr<Instance> make(plugin::InstanceSettings settings, const config::PluginInstance& instance,
                                   const Library& library, const std::string& path,
                                   const plugin::PluginInstance* predecessor);
    std::optional<plugin::InstanceSettings> settings_of(const config::PluginInstance& instance, const Library& library,
                                                        const std::string& path);
    template <class T>
    std::shared_ptr<const T> owned(std::unique_ptr<const T> object);

    PluginPlan files_;
    const config::Environment& environment_;
    const BuildServices& services_;
    const Generation* running_;
    Libraries libraries_;
    QuiescedInstances quiesced_;
    config::Problems problems_;
};

}  // namespace sluice::generation
