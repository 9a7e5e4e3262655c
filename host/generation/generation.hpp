#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "backend/plugin_backend.hpp"
#include "config/config.hpp"
#include "config/secret.hpp"
#include "endpoints/health.hpp"
#include "middleware/chain.hpp"
#include "routing/model_catalog.hpp"
#include "routing/router.hpp"

namespace sluice::generation {

/// Loaded plugins, by the file they are configured with and where their code runs.
using LibraryKey = std::pair<std::filesystem::path, config::Isolation>;
using Libraries = std::map<LibraryKey, std::shared_ptr<const plugin::PluginLibrary>>;

/// Everything a request needs that comes from the configuration: one immutable snapshot. A request takes it at its
/// start and drops it after its last hook, so a reload never changes anything under a request.
/// Instances that a reload leaves as they are belong to both generations.
struct Generation {
    std::uint64_t number = 0;
    config::Config config;
    std::string document_json;  ///< the file this was made from: see config::LoadResult
    Libraries libraries;
    // In the order of their making; destroyed the other way round: routes before the plugins they name.
    std::vector<std::shared_ptr<const backend::PluginBackend>> backends;
    middleware::Chain chain{{}};
    /// Who has which command of a plugin.
    std::map<std::string, const plugin::PluginInstance*, std::less<>> commands;
    std::shared_ptr<routing::ModelCatalog> catalog;
    std::unique_ptr<routing::Router> router;
    std::unique_ptr<endpoints::HealthReport> health;
};

/// The current generation of the process: replaced in one step, read by every loop. [any-thread]
class CurrentGeneration {
public:
    void replace(std::shared_ptr<const Generation> next);
    std::shared_ptr<const Generation> get() const;

    /// Brings `copy` up to date and says whether there was something to do; costs one load while nothing was replaced.
    /// `seen_version` belongs to the copy.
    bool update(std::shared_ptr<const Generation>& copy, std::uint64_t& seen_version) const;

private:
    mutable std::mutex mutex_;
    std::shared_ptr<const Generation> generation_;
    std::atomic<std::uint64_t> version_{0};
};

}  // namespace sluice::generation
