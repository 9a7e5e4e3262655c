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

/// GET /health: what the backends say of themselves, asked at most ten times a second. Of one that does not answer,
/// what it said last. [any-thread]
class HealthReport {
public:
    using Backends = std::vector<std::shared_ptr<const backend::PluginBackend>>;
    HealthReport(Backends backends, backend::QueryLoop loop, std::string version);

    /// The answer: 200 if any real backend works, else 503. Waits for backends: at most a second for the first
    /// answer of one, 50 ms for a later one. Blocks: for a cold-route thread.
    http::Answer answer();

private:
    struct State;
    void ask_stale_backends();

    std::shared_ptr<State> state_;
    backend::QueryLoop loop_;
    std::string version_;
};

}  // namespace sluice::endpoints
