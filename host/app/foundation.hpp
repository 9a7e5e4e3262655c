#pragma once

#include <filesystem>
#include <optional>

#include "backend/worker_pool.hpp"
#include "config/config.hpp"
#include "config/environment.hpp"
#include "generation/builder.hpp"
#include "net/loop_group.hpp"
#include "observability/metrics.hpp"
#include "plugin/host_interfaces.hpp"
#include "plugin/plugin_instance.hpp"
#include "plugin/private_copy.hpp"
#include "store/store_hub.hpp"

namespace sluice::app {

/// What plugins stand on: loops, interfaces, workers, the store. Outlives every instance. [main-thread]
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
    plugin::InstanceServices instance_services;
    std::optional<plugin::PrivateCopies> copies;
};

}  // namespace sluice::app
