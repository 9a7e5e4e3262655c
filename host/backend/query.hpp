#pragma once

#include <sluice/ext/backend.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backend/plugin_backend.hpp"

namespace sluice::backend {

/// A loop on which questions to asynchronous backends are asked.
struct QueryLoop {
    sluice_loop* loop = nullptr;
    std::function<bool(std::function<void()>)> post;
};

struct Model {
    std::string id;
    std::string owned_by;
    std::uint64_t created_unix_s = 0;
};

/// Asks a backend for its models. `done` runs exactly once, on the loop or a worker: with the list, or with nothing
/// when the backend cannot say, or is in quarantine. A backend without the function has none. [any-thread]
void ask_for_models(const PluginBackend& backend, const QueryLoop& loop,
                    std::function<void(std::optional<std::vector<Model>>)> done);

struct Health {
    sluice_health_state state = SLUICE_HEALTH_OK;
    std::string word = "ok";
    std::vector<std::pair<std::string, std::string>> checks;  ///< further entries: name, JSON value
};

/// Asks a backend how it is; as ask_for_models(). A backend without the function is ok, one in quarantine is down and
/// is not asked. [any-thread]
void ask_for_health(const PluginBackend& backend, const QueryLoop& loop, std::function<void(Health)> done);

}  // namespace sluice::backend
