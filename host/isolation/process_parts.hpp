#pragma once

#include <sluice/cpp/loop.hpp>

#include <cstddef>
#include <functional>

#include "backend/worker_pool.hpp"
#include "observability/metrics.hpp"
#include "plugin/host_interfaces.hpp"

namespace sluice::isolation {

/// What a plugin process stands on; made by the program.
struct ProcessParts {
    Loop loop;
    std::function<void()> settle_loop;  ///< returns once the loop has finished its round
    plugin::HostInterfaces& interfaces;
    observability::Metrics& metrics;  ///< needed by instances; nobody reads it
    backend::WorkerPool& workers;
    std::size_t call_channels = 0;
};

/// Is a plugin process: serves the instance the gateway asks for, until the gateway says that it is enough. Returns the
/// exit code. A gateway that is gone ends the process at once, without returning. [main-thread]
int run_process(ProcessParts parts);

}  // namespace sluice::isolation
