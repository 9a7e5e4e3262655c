#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "backend/query.hpp"
#include "backend/worker_pool.hpp"
#include "config/environment.hpp"
#include "config/problem.hpp"
#include "generation/generation.hpp"
#include "generation/plugin_plan.hpp"
#include "generation/quiesced_instances.hpp"
#include "observability/metrics.hpp"
#include "plugin/plugin_instance.hpp"
#include "plugin/private_copy.hpp"
#include "plugin/reaper.hpp"
#include "plugin/version_shelf.hpp"

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
    /// Where what is made is destroyed; null: where the last hold on it is dropped.
    plugin::Reaper* reaper = nullptr;
    /// Earlier versions to load in place of a file that was gone back from; may be null.
    const plugin::VersionShelf* shelf = nullptr;
    plugin::LoadOptions load_options = {};
};

/// How far building a generation came.
enum class BuildStep { kInspect, kLoad, kCreate };
std::string_view name_of(BuildStep step) noexcept;

/// A generation, or every problem that was in its way; nothing is left behind then.
struct BuildResult {
    std::shared_ptr<const Generation> generation;
    config::Problems problems;
    BuildStep failed_at = BuildStep::kInspect;
    /// Instances of the running generation that let go for this one: to be resumed if it does not come to serve.
    QuiescedInstances quiesced = {};
};

/// What a generation is made from.
struct BuildPlan {
    const config::Config& config;
    std::string document_json = {};
    std::uint64_t number = 1;
    /// The generation that serves, whose libraries and instances are shared where nothing about them has changed. Null:
    /// there is none.
    const Generation* running = nullptr;
};

/// Loads the plugins, creates the instances, and puts chain and routes together, in that order. The loops run already,
/// since instances may post to them. [main-thread]
BuildResult build(const BuildPlan& plan, const config::Environment& environment, const BuildServices& services);
/// The same with the files looked at already.
BuildResult build(const BuildPlan& plan, PluginPlan files, const config::Environment& environment,
                  const BuildServices& services);

}  // namespace sluice::generation
