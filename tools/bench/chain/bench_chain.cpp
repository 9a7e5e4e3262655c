#include "chain/bench_chain.hpp"

#include <stdlib.h>

#include <future>
#include <stdexcept>
#include <utility>

#include "net/loop_interface.hpp"
#include "plugin/plugin_library.hpp"

namespace sluice::bench {

namespace {

constexpr std::size_t kMemoryBytes = std::size_t{1} << 30;

config::Config plain_config() {
    config::Config config;
    config.server.event_loops = 1;
    config.store.memory_bytes = kMemoryBytes;
    config.store.namespaces = {{"auth", config::StoreKind::kMemory}, {"ratelimit", config::StoreKind::kMemory}};
    return config;
}

std::filesystem::path temporary_folder() {
    std::string path = (std::filesystem::temp_directory_path() / "sluice-bench-XXXXXX").string();
    if (mkdtemp(path.data()) == nullptr) throw std::runtime_error("no temporary folder could be made at " + path);
    return path;
}

}  // namespace

BenchHost::BenchHost()
    : state_(temporary_folder()), foundation_(std::make_unique<app::Foundation>(plain_config(), state_)) {
    exchange_ = std::make_unique<BenchExchange>(net::as_plugin_loop(foundation_->loops.at(0)));
}

BenchHost::~BenchHost() {
    foundation_.reset();
    std::filesystem::remove_all(state_);
}

std::unique_ptr<plugin::MiddlewareInstance> BenchHost::make(const LinkPlan& plan) {
    const std::filesystem::path file = std::filesystem::path(SLUICE_BENCH_PLUGIN_DIR) / plan.file;
    auto library = plugin::PluginLibrary::load(file, *foundation_->copies);
    if (!library) throw std::runtime_error(library.error());
    auto instance = plugin::MiddlewareInstance::create(std::move(library).value(), {plan.file, plan.config_json},
                                                       foundation_->instance_services);
    if (!instance) throw std::runtime_error(instance.error());
    return std::move(instance).value();
}

std::unique_ptr<backend::PluginBackend> BenchHost::make_backend(const std::string& file) {
    auto library =
        plugin::PluginLibrary::load(std::filesystem::path(SLUICE_BENCH_PLUGIN_DIR) / file, *foundation_->copies);
    if (!library) throw std::runtime_error(library.error());
    auto instance =
        plugin::BackendInstance::create(std::move(library).value(), {file, "{}"}, foundation_->instance_services);
    if (!instance) throw std::runtime_error(instance.error());
    return std::make_unique<backend::PluginBackend>(std::move(instance).value(), observability::BackendSlot::kNone,
                                                    foundation_->workers, std::size_t{65536});
}

std::unique_ptr<middleware::Chain> BenchHost::make_chain(const std::vector<LinkPlan>& plans) {
    middleware::Chain::Links instances;
    for (const LinkPlan& plan : plans) instances.push_back(make(plan));
    return std::make_unique<middleware::Chain>(std::move(instances));
}

void BenchHost::on_loop(const std::function<void(BenchExchange&)>& work) {
    std::promise<void> done;
    foundation_->loops.at(0).post([&] {
        try {
            work(*exchange_);
            done.set_value();
        } catch (...) {
            done.set_exception(std::current_exception());
        }
    });
    done.get_future().get();
}

}  // namespace sluice::bench
