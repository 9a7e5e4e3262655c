#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "backend/query.hpp"
#include "backend/worker_pool.hpp"
#include "config/environment.hpp"
#include "config/problem.hpp"
#include "generation/generation.hpp"
#include "observability/metrics.hpp"
#include "plugin/plugin_instance.hpp"
#include "plugin/private_copy.hpp"

namespace sluice::generation {

/// What a generation is built with: parts of the process that outlive every generation.
struct BuildServices {
    const plugin::InstanceServices& instances;
    const plugin::PrivateCopies& copies;
    observability::Metrics& metrics;
    backend::WorkerPool& workers;
    backend::QueryLoop query_loop;
    std::filesystem::path plugin_dir;  ///< where relative plugin paths resolve
    std::string version;               ///< of the gateway, for /health
};

/// A generation, or every problem that was in its way; nothing is left behind then.
struct BuildResult {
    std::shared_ptr<const Generation> generation;
    config::Problems problems;
};

/// Loads the plugins, creates the instances, and puts chain and routes together, in that order. The loops run already,
/// since instances may post to them. [main-thread]
BuildResult build(const config::Config& config, const config::Environment& environment, const BuildServices& services,
                  std::uint64_t number);

}  // namespace sluice::generation
