#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "config/config.hpp"
#include "config/environment.hpp"
#include "config/loader.hpp"

namespace sluice::app {

/// What a gateway is started with; all of it outlives the gateway.
struct Start {
    const std::filesystem::path& config_file;  ///< absolute; read again by each reload
    const config::LoadResult& loaded;          ///< from there, without problems
    const config::Environment& environment;
};

/// A running gateway: everything in the order of its start, and stopped in the opposite one. [main-thread]
class Gateway {
public:
    /// Starts it; throws std::exception with the reason where it cannot, and leaves nothing running then.
    explicit Gateway(const Start& start);
    ~Gateway();
    Gateway(const Gateway&) = delete;
    Gateway& operator=(const Gateway&) = delete;

    /// Reloads soon, without waiting for it. [any-thread]
    void request_reload(std::string cause);

    /// Drains and stops. Returns false when a plugin held on to a call beyond all patience: then the process should end
    /// without running destructors.
    bool stop();

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

/// Loads plugins and builds a generation to find everything that is wrong with a configuration, then drops it. Returns
/// the problems as text, one each.
std::vector<std::string> check_generation(const config::Config& config, const config::Environment& environment);

}  // namespace sluice::app
