#pragma once

#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "backend/plugin_backend.hpp"
#include "backend/worker_pool.hpp"
#include "observability/metrics.hpp"
#include "plugin/host_interfaces.hpp"
#include "plugin/plugin_instance.hpp"
#include "plugin/private_copy.hpp"
#include "puppet.hpp"

namespace sluice::test {

/// A folder that is gone at the end of the test.
class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "sluice-test-XXXXXX").string();
        if (!mkdtemp(name.data())) throw std::runtime_error("cannot make a folder like " + name);
        path_ = name;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

inline std::filesystem::path plugin_file(const std::string& name) {
    return std::filesystem::path(SLUICE_TEST_PLUGIN_DIR) / name;
}

/// What instances of plugins stand on, and how to make instances of the puppet. Outlives them.
struct Workshop {
    explicit Workshop(std::size_t loop_count = 1) : metrics(loop_count, "1.2.3") {}

    std::shared_ptr<const plugin::PluginLibrary> load(const std::string& file) const {
        auto library = plugin::PluginLibrary::load(plugin_file(file), copies);
        if (!library) throw std::runtime_error(library.error());
        return std::move(library).value();
    }

    std::shared_ptr<const backend::PluginBackend> backend(const std::string& name, PuppetBackend& puppet,
                                                          const std::string& file = "puppet.so") {
        auto instance = plugin::BackendInstance::create(load(file), {name, address_of(puppet)}, services);
        if (!instance) throw std::runtime_error(instance.error());
        return std::make_shared<backend::PluginBackend>(std::move(instance).value(), metrics.backend_slot(name),
                                                        workers, std::size_t{64 * 1024});
    }

    std::unique_ptr<plugin::MiddlewareInstance> middleware(const std::string& name, PuppetMiddleware& puppet,
                                                           const std::string& file = "puppet.so") {
        auto instance = plugin::MiddlewareInstance::create(load(file), {name, address_of(puppet)}, services);
        if (!instance) throw std::runtime_error(instance.error());
        return std::move(instance).value();
    }

    TemporaryFolder folder;
    plugin::PrivateCopies copies = plugin::PrivateCopies::open(folder.path()).value();
    plugin::HostInterfaces interfaces;
    observability::Metrics metrics;
    plugin::InstanceServices services{interfaces, metrics};
    backend::WorkerPool workers{1, 16};
};

}  // namespace sluice::test
