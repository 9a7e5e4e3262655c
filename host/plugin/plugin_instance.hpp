#pragma once

#include "observability/metric_set.hpp"
#include "plugin/conduct.hpp"
#include "plugin/containment_limits.hpp"
#include "plugin/host_interfaces.hpp"
#include "plugin/plugin_library.hpp"
#include "result.hpp"
#include "sluice/host.h"

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::store {
class StoreHub;
}

namespace sluice::plugin {

/// What every instance needs from the host. The references outlive all instances.
struct InstanceServices {
    const HostInterfaces& interfaces;
    observability::Metrics& metrics;
    /// Returns once every loop has finished what it was doing: after destroy() a loop may still stand in the plugin's
    /// last instructions, and its code must not go before. May be empty.
    std::function<void()> settle_loops = {};
    /// Where instances have folders of their own, by name. Empty: they have none.
    std::filesystem::path instance_folders = {};
    /// Where instances open namespaces. Null: there are none.
    store::StoreHub* stores = nullptr;
    /// Bits of sluice_host_flag, for the host table of every instance.
    std::uint32_t host_flags = 0;
    /// What instances may do before they are kept out. Null: the defaults of the configuration.
    const ContainmentLimits* limits = nullptr;
};

/// What to make an instance from. `config_json` satisfies the plugin's schema; secrets are in clear text in it.
struct InstanceSettings {
    std::string name;
    std::string config_json = "{}";
};

/// What became of a command: what the user is to read, what went wrong, and 0 = done, 1 = failed, 2 = wrong arguments.
struct CommandOutcome {
    int exit_code = 0;
    std::string output;
    std::string errors;
};

/// One configured use of a plugin: its own host table, its metrics, and a reference to the library.
class PluginInstance {
public:
    virtual ~PluginInstance();
    PluginInstance(const PluginInstance&) = delete;
    PluginInstance& operator=(const PluginInstance&) = delete;

    /// The instance a plugin's `host` argument belongs to. For tables of the host. [any-thread]
    static PluginInstance& from(const sluice_host* host) noexcept { return *static_cast<PluginInstance*>(host->ctx); }

    const std::string& name() const noexcept { return settings_.name; }
    const std::string& config_json() const noexcept { return settings_.config_json; }
    const PluginLibrary& library() const noexcept { return *library_; }
    /// Where this instance may keep files; not made yet. Empty where it may keep none.
    const std::filesystem::path& folder() const noexcept { return folder_; }
    const sluice_host* host_table() const noexcept { return &host_table_; }
    observability::MetricSet& metrics() noexcept { return metrics_; }
    /// How it behaves, for whoever calls into it.
    Conduct& conduct() const noexcept { return *conduct_; }
    /// Null where there is no store.
    store::StoreHub* stores() const noexcept { return stores_; }
    /// Keeps `handle` as long as the instance: of a namespace it has opened. [main-thread]
    void keep(std::shared_ptr<void> handle) { handles_.push_back(std::move(handle)); }

    /// Runs the command of its library, which must have one; takes as long as the plugin does. One at a time: another
    /// one waits for seconds, and has failed if that is not enough. Not on a loop's thread.
    CommandOutcome run_command(const std::vector<std::string>& arguments) const;

    /// Lets it give up what its successor needs, and take it again; nothing where its plugin does not offer it. The
    /// error holds the plugin's words. See sluice/ext/quiesce.h. [main-thread]
    Result<void> quiesce() const;
    Result<void> resume() const;

protected:
    PluginInstance(std::shared_ptr<const PluginLibrary> library, InstanceSettings settings,
                   const InstanceServices& services);

private:
    static const void* get_interface(const sluice_host* host, sluice_str id) noexcept;
    /// The plugin's own name of this instance.
    virtual void* plugin_handle() const noexcept = 0;

    std::shared_ptr<const PluginLibrary> library_;  // first: destroyed last, when nothing of the plugin is left
    InstanceSettings settings_;
    const HostInterfaces& interfaces_;
    std::function<void()> settle_loops_;
    std::filesystem::path folder_;
    store::StoreHub* stores_;
    std::vector<std::shared_ptr<void>> handles_;
    observability::MetricSet metrics_;
    std::shared_ptr<Conduct> conduct_;
    sluice_host host_table_{};
    mutable std::mutex command_mutex_;
    mutable std::condition_variable command_ended_;
    mutable bool is_running_command_ = false;  // under command_mutex_
};

/// An instance that answers requests.
class BackendInstance final : public PluginInstance {
public:
    /// Calls the plugin's create(). The error names the instance and holds the plugin's own words. [main-thread]
    static Result<std::unique_ptr<BackendInstance>> create(std::shared_ptr<const PluginLibrary> library,
                                                           InstanceSettings settings, const InstanceServices& services);
    /// Calls the plugin's destroy(), which may wait for loops: never on a loop's thread, and only when all calls are
    /// terminal.
    ~BackendInstance() override;

    const sluice_backend_api& api() const noexcept { return *api_; }
    sluice_backend* handle() const noexcept { return handle_; }
    bool is_async() const noexcept { return (api().flags & SLUICE_BACKEND_ASYNC) != 0; }
    /// True if the backend declares `path`: exactly, or as a prefix that ends with a slash.
    bool serves(std::string_view path) const noexcept;

private:
    using PluginInstance::PluginInstance;
    void* plugin_handle() const noexcept override { return handle_; }

    const sluice_backend_api* api_ = nullptr;
    sluice_backend* handle_ = nullptr;
};

/// An instance that stands in the chain.
class MiddlewareInstance final : public PluginInstance {
public:
    /// As for backends. [main-thread]
    static Result<std::unique_ptr<MiddlewareInstance>> create(std::shared_ptr<const PluginLibrary> library,
                                                              InstanceSettings settings,
                                                              const InstanceServices& services);
    /// As for backends; only when all exchanges are complete.
    ~MiddlewareInstance() override;

    const sluice_middleware_api& api() const noexcept { return *api_; }
    sluice_middleware* handle() const noexcept { return handle_; }

private:
    using PluginInstance::PluginInstance;
    void* plugin_handle() const noexcept override { return handle_; }

    const sluice_middleware_api* api_ = nullptr;
    sluice_middleware* handle_ = nullptr;
};

}  // namespace sluice::plugin
