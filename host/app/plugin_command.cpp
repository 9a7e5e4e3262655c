#include "app/plugin_command.hpp"

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <thread>
#include <variant>

#include "app/foundation.hpp"
#include "app/installation.hpp"
#include "app/state_lock.hpp"
#include "generation/command_builder.hpp"
#include "net/command_client.hpp"
#include "plugin/command_name.hpp"

namespace sluice::app {

namespace {

constexpr std::chrono::seconds kTimeout{30};
/// A gateway that starts has the lock before it has the socket; one that stops, the other way round.
constexpr std::chrono::seconds kSocketPatience{3};

int show(const plugin::CommandOutcome& outcome) {
    std::cout << outcome.output << std::flush;
    std::cerr << outcome.errors << std::flush;
    return outcome.exit_code;
}

template <class Names>
std::string joined_names(const Names& names) {
    std::string text;
    for (const auto& name : names) text += (text.empty() ? "" : ", ") + std::string(name);
    return text.empty() ? "none" : text;
}

plugin::CommandOutcome failure_of(const generation::CommandSearch& search, const std::string& name) {
    std::string text;
    for (const config::Problem& problem : search.problems) text += "sluice: " + problem.text() + "\n";
    bool is_offered = std::find(search.offered.begin(), search.offered.end(), name) != search.offered.end();
    if (is_offered) return {1, "", text};
    text += "sluice: no command \"" + name +
            "\" (of the gateway: serve, check; of the configured plugins: " + joined_names(search.offered) + ")\n";
    return {2, "", text};
}

/// Ends the process if the command takes longer than a command may: what runs in a plugin cannot be stopped.
plugin::CommandOutcome run_in_time(const plugin::PluginInstance& instance, const std::vector<std::string>& arguments) {
    auto outcome = std::async(std::launch::async, [&] { return instance.run_command(arguments); });
    if (outcome.wait_for(kTimeout) == std::future_status::ready) return outcome.get();
    std::cerr << "sluice: the command did not end within " << kTimeout.count()
              << " s; whether it is done is not known\n";
    _exit(1);
}

plugin::CommandOutcome run_here(config::Config config, const config::Environment& environment,
                                const std::filesystem::path& state, const std::string& name,
                                const std::vector<std::string>& arguments) {
    config.server.event_loops = 1;
    Foundation foundation(config, state);
    generation::BuildServices services = foundation.services(config);
    generation::CommandSearch search = generation::build_for_command(config, environment, services, name);
    return search.instance ? run_in_time(*search.instance, arguments) : failure_of(search, name);
}

using Clock = std::chrono::steady_clock;

/// What the running gateway made of the command, or the lock that says that there is none.
std::variant<plugin::CommandOutcome, std::unique_ptr<StateLock>> gateway_or_lock(
    const std::filesystem::path& state, const std::string& name, const std::vector<std::string>& arguments) {
    const Clock::time_point deadline = Clock::now() + kSocketPatience;
    for (;;) {
        if (auto outcome = net::run_in_gateway(state / "admin.sock", name, arguments, kTimeout)) return *outcome;
        try {
            return std::make_unique<StateLock>(state);
        } catch (const StateInUse&) {
            if (Clock::now() > deadline) {
                throw std::runtime_error("a gateway runs on " + state.string() +
                                         " that takes no commands: found no admin.sock there, expected admin.listen "
                                         "to be unix; or stop the gateway first");
            }
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
}

}  // namespace

int run_plugin_command(const config::Config& config, const config::Environment& environment, const std::string& name,
                       const std::vector<std::string>& arguments) {
    if (!plugin::is_command_name(name)) return show(failure_of({}, name));
    const std::filesystem::path state = state_dir(config.server.state_dir, environment);
    auto found = gateway_or_lock(state, name, arguments);
    if (auto* outcome = std::get_if<plugin::CommandOutcome>(&found)) return show(*outcome);
    const auto& lock = std::get<std::unique_ptr<StateLock>>(found);
    return show(run_here(config, environment, lock->folder(), name, arguments));
}

}  // namespace sluice::app
