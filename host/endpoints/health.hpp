#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "backend/query.hpp"
#include "http/answer.hpp"

namespace sluice::endpoints {

/// GET /health: what the backends say of themselves, from checks that are at most some seconds old. [any-thread]
class HealthReport {
public:
    using Backends = std::vector<std::shared_ptr<const backend::PluginBackend>>;
    HealthReport(Backends backends, backend::QueryLoop loop, std::string version);

    /// The answer: 200 if any real backend works, else 503. Waits for backends that were never asked, at most a second;
    /// never for others. Blocks: for a cold-route thread.
    http::Answer answer();

private:
    struct State;
    void ask_stale_backends();

    std::shared_ptr<State> state_;
    backend::QueryLoop loop_;
    std::string version_;
};

}  // namespace sluice::endpoints
