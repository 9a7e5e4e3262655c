#include "app/plugin_process.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <charconv>
#include <exception>
#include <iostream>
#include <string_view>

#include "backend/worker_pool.hpp"
#include "isolation/process_descriptors.hpp"
#include "isolation/process_parts.hpp"
#include "net/loop_group.hpp"
#include "net/loop_interface.hpp"
#include "observability/metrics.hpp"
#include "plugin/host_interfaces.hpp"

namespace sluice::app {

namespace {

constexpr int kWrongArguments = 2;
// As the gateway's own defaults.
constexpr std::size_t kWorkers = 8;
constexpr std::size_t kWorkerQueue = 256;

int number(std::string_view text) {
    int value = -1;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

int serve(std::size_t call_channels) {
    observability::Metrics metrics(1, SLUICE_VERSION);
    plugin::HostInterfaces interfaces;
    net::LoopGroup loops(1);
    const sluice_host_loop* const table = net::loop_interface(loops);
    interfaces.offer(SLUICE_HOST_LOOP_ID, table);
    backend::WorkerPool workers(kWorkers, kWorkerQueue);
    loops.start();
    const Loop loop(table, nullptr, net::as_plugin_loop(loops.at(0)));
    return isolation::run_process({loop, [&loops] { loops.settle(); }, interfaces, metrics, workers, call_channels});
}

}  // namespace

bool is_plugin_process(int count, char** arguments) noexcept {
    return count > 1 && arguments[1] == isolation::kPluginProcessOption;
}

int run_plugin_process(int count, char** arguments) {
    const int call_channels = count > 3 ? number(arguments[2]) : -1;
    if (call_channels < 0 || call_channels > isolation::kMaxCallChannels) {
        std::cerr << "sluice: " << isolation::kPluginProcessOption << " is for the gateway's own use\n";
        return kWrongArguments;
    }
    // A plugin that spins sees no end of its sockets: the system ends it with the gateway.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != number(arguments[3])) return 1;
    try {
        return serve(static_cast<std::size_t>(call_channels));
    } catch (const std::exception& error) {
        std::cerr << "sluice: plugin process: " << error.what() << '\n';
        return 1;
    }
}

}  // namespace sluice::app
