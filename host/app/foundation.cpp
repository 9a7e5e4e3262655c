#include "app/foundation.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <thread>

#include "app/installation.hpp"
#include "net/loop_interface.hpp"

namespace sluice::app {

namespace {

std::size_t loop_count(const config::Server& server) {
    if (server.event_loops > 0) return server.event_loops;
    return std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace

Foundation::Foundation(const config::Config& config, const std::filesystem::path& state)
    : metrics(loop_count(config.server), SLUICE_VERSION),
      loops(loop_count(config.server)),
      workers(config.server.workers, config.server.worker_queue),
      stores(config.store, state, metrics),
      limits(config.containment),
      instance_services{interfaces, metrics, [this] { loops.settle(); }, state / "instances", &stores, 0, &limits},
      watchdog(limits),
      unloads(metrics) {
    interfaces.offer(SLUICE_HOST_LOOP_ID, net::loop_interface(loops));
    auto opened = plugin::PrivateCopies::open(state, {{}, &interfaces});
    if (!opened) throw std::runtime_error(opened.error());
    copies.emplace(std::move(opened).value());
    auto shelves = plugin::VersionShelf::open(copies->folder());
    if (!shelves) throw std::runtime_error(shelves.error());
    shelf.emplace(std::move(shelves).value());
    load_options.on_unload = [this](const plugin::UnloadReport& report) { unloads.note(report); };
    load_options.is_kept_loaded = std::getenv("SLUICE_KEEP_PLUGINS") != nullptr;
    reaper.emplace();
    loops.start();
}

Foundation::~Foundation() {
    // What it destroys takes leave of loops.
    reaper.reset();
    loops.stop_and_join();
}

generation::BuildServices Foundation::services(const config::Config& config) {
    net::EventLoop& loop = loops.at(0);
    backend::QueryLoop query_loop{net::as_plugin_loop(loop),
                                  [&loop](std::function<void()> task) { return loop.post(std::move(task)); }};
    std::filesystem::path plugins = config.server.plugin_dir;
    if (plugins.empty()) plugins = default_plugin_dir();
    return {instance_services, *copies,        metrics,  workers, query_loop,
            plugins,           SLUICE_VERSION, &*reaper, &*shelf, load_options};
}

}  // namespace sluice::app
