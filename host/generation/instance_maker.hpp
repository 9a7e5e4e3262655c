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

/// Makes instances of what is configured. Collects problems instead of stopping at the first one, as the loader of the
/// configuration does. [main-thread]
class InstanceMaker {
public:
    using Library = std::shared_ptr<const plugin::PluginLibrary>;

    /// The references outlive the maker.
    InstanceMaker(const config::Environment& environment, const BuildServices& services)
        : environment_(environment), services_(services) {}

    /// The library of an instance; one for each file, however many instances use it. Null where there is a problem.
    Library load_backend(const config::Backend& backend);
    Library load_middleware(const config::Middleware& middleware, std::size_t index);
    /// The instance itself; null where there is a problem.
    std::unique_ptr<plugin::BackendInstance> make_backend(const config::Backend& backend);
    std::unique_ptr<plugin::MiddlewareInstance> make_middleware(const config::Middleware& middleware,
                                                                std::size_t index);

    config::Problems& problems() noexcept { return problems_; }

private:
    Library load(const config::PluginInstance& instance, const std::string& path, std::uint32_t kind,
                 std::string_view kind_name);
    template <class Instance>
    std::unique_ptr<Instance> make(const config::PluginInstance& instance, const Library& library,
                                   const std::string& path);
    std::optional<plugin::InstanceSettings> settings_of(const config::PluginInstance& instance,
                                                        const plugin::PluginLibrary& library, const std::string& path);

    const config::Environment& environment_;
    const BuildServices& services_;
    std::map<std::string, Library> libraries_;
    config::Problems problems_;
};

}  // namespace sluice::generation
