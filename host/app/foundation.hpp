#pragma once

#include <filesystem>
#include <optional>

#include "backend/worker_pool.hpp"
#include "config/config.hpp"
#include "config/environment.hpp"
#include "generation/builder.hpp"
#include "net/loop_group.hpp"
#include "observability/metrics.hpp"
#include "plugin/containment_limits.hpp"
#include "plugin/host_interfaces.hpp"
#include "plugin/plugin_instance.hpp"
#include "plugin/private_copy.hpp"
#include "plugin/reaper.hpp"
#include "plugin/version_shelf.hpp"
#include "plugin/watchdog.hpp"
#include "reload/unload_records.hpp"
#include "store/store_hub.hpp"

namespace sluice::app {

/// What plugins stand on: loops, interfaces, workers, the store, and the reaper that takes them away. Outlives every
/// handle on an instance. [main-thread]
struct Foundation {
    /// Starts the loops; throws std::runtime_error where `state`, the state folder, is not fit for plugins.
    Foundation(const config::Config& config, const std::filesystem::path& state);
    ~Foundation();
    Foundation(const Foundation&) = delete;
    Foundation& operator=(const Foundation&) = delete;

    /// What instances are built with; refers to this object.
    generation::BuildServices services(const config::Config& config);

    observability::Metrics metrics;
    plugin::HostInterfaces interfaces;
    net::LoopGroup loops;
    backend::WorkerPool workers;
    store::StoreHub stores;
    plugin::ContainmentLimits limits;
    plugin::InstanceServices instance_services;
    plugin::Watchdog watchdog;
    std::optional<plugin::PrivateCopies> copies;
    std::optional<plugin::VersionShelf> shelf;
    reload::UnloadRecords unloads;
    plugin::LoadOptions load_options;
    std::optional<plugin::Reaper> reaper;
};

}  // namespace sluice::app
