// Chains of the real plugins on the host's own parts: loaded files, one event loop, stores in memory.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/foundation.hpp"
#include "backend/plugin_backend.hpp"
#include "chain/bench_exchange.hpp"
#include "middleware/chain.hpp"

namespace sluice::bench {

/// One link that is to be, such as "auth.so", and its configuration.
struct LinkPlan {
    std::string file;
    std::string config_json;
};

/// The parts of a host without a listener, and a state folder that goes with them. [main-thread]
class BenchHost {
public:
    BenchHost();
    ~BenchHost();
    BenchHost(const BenchHost&) = delete;
    BenchHost& operator=(const BenchHost&) = delete;

    /// Throws std::runtime_error with the plugin's own words.
    std::unique_ptr<plugin::MiddlewareInstance> make(const LinkPlan& plan);
    std::unique_ptr<backend::PluginBackend> make_backend(const std::string& file);
    std::unique_ptr<middleware::Chain> make_chain(const std::vector<LinkPlan>& plans);
    /// Runs `work` on the loop and waits for it; what it throws is thrown here.
    void on_loop(const std::function<void(BenchExchange&)>& work);

private:
    std::filesystem::path state_;
    std::unique_ptr<app::Foundation> foundation_;
    std::unique_ptr<BenchExchange> exchange_;
};

}  // namespace sluice::bench
