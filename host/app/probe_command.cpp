#include "app/probe_command.hpp"

#include <signal.h>
#include <sluice/host.h>
#include <unistd.h>

#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "app/foundation.hpp"
#include "app/trial_lines.hpp"
#include "plugin/elf_inspector.hpp"
#include "plugin/plugin_instance.hpp"
#include "plugin/plugin_library.hpp"
#include "plugin/probe_wire.hpp"
#include "plugin/schema_settings.hpp"

namespace sluice::app {

namespace {

using plugin::ProbeStep;
using Library = std::shared_ptr<const plugin::PluginLibrary>;

void begin(ProbeStep step, const std::string& instance = "") {
    write_trial_report(plugin::probe_step_line(step, instance));
}

/// The reason must not name the file: the parent knows it, and puts its own path before it.
std::string without_path(const std::string& reason, const std::filesystem::path& file) {
    const std::string prefix = file.string() + ": ";
    return reason.starts_with(prefix) ? reason.substr(prefix.size()) : reason;
}

config::Config config_of_probe() {
    config::Config config;
    config.server.event_loops = 1;
    return config;
}

template <class Instance>
Result<void> try_instance(const plugin::ProbedInstance& probed, const Library& library, std::string settings,
                          const plugin::InstanceServices& services) {
    auto instance = Instance::create(library, {probed.name, std::move(settings)}, services);
    if (!instance) return Unexpected(std::move(instance).error());
    begin(ProbeStep::kDestroy, probed.name);
    return {};
}

Result<void> try_instance(const plugin::ProbedInstance& probed, const Library& library,
                          const plugin::InstanceServices& services) {
    begin(ProbeStep::kCreate, probed.name);
    auto settings = plugin::settings_by_schema(probed.config_json, *library);
    if (!settings) return Unexpected(std::move(settings).error());
    if (probed.is_backend) {
        return try_instance<plugin::BackendInstance>(probed, library, std::move(settings).value(), services);
    }
    return try_instance<plugin::MiddlewareInstance>(probed, library, std::move(settings).value(), services);
}

/// The library, once it is loaded and says what its file says.
Result<Library> load(const std::filesystem::path& file, const Foundation& foundation) {
    begin(ProbeStep::kInspect);
    auto manifest = plugin::inspect_plugin_file(file, {{}, &foundation.interfaces});
    if (!manifest) return Unexpected(std::move(manifest).error());
    plugin::LoadOptions options;
    options.on_step = [](plugin::LoadStep step) {
        begin(step == plugin::LoadStep::kQuery ? ProbeStep::kQuery : ProbeStep::kLoad);
    };
    return plugin::PluginLibrary::load(file, *foundation.copies, std::move(options));
}

Result<void> try_plugin(const plugin::ProbeOrder& order, Foundation& foundation) {
    plugin::InstanceServices services = foundation.instance_services;
    services.host_flags |= SLUICE_HOST_PROBE;
    auto library = load(order.request.file, foundation);
    if (!library) return Unexpected(without_path(library.error(), order.request.file));
    for (const plugin::ProbedInstance& instance : order.request.instances) {
        if (auto outcome = try_instance(instance, *library, services); !outcome) return outcome;
    }
    begin(ProbeStep::kUnload);
    return {};
}

/// With the foundation still up; what it consists of ends with the process.
int run_order(const plugin::ProbeOrder& order) {
    Foundation foundation(config_of_probe(), order.folder);
    const Result<void> outcome = try_plugin(order, foundation);
    write_trial_report(outcome ? plugin::probe_end_line() : plugin::probe_refusal_line(outcome.error()));
    _exit(outcome ? 0 : 1);
}

}  // namespace

void run_probe_command() {
    signal(SIGPIPE, SIG_IGN);
    auto order = plugin::read_probe_order(read_trial_request());
    std::string reason;
    try {
        if (order) {
            plugin::enter_trial(order->parent, order->limits);
            run_order(*order);
        }
        reason = order.error();
    } catch (const std::exception& error) {
        reason = error.what();
    }
    write_trial_report(plugin::probe_refusal_line(reason));
    _exit(1);
}

}  // namespace sluice::app
