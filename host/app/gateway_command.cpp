#include "app/gateway_command.hpp"

#include <chrono>
#include <iostream>

#include "app/installation.hpp"
#include "net/command_client.hpp"

namespace sluice::app {

namespace {

/// A reload tries one plugin after the other, and each may take its whole time.
constexpr std::chrono::minutes kTimeout{10};

}  // namespace

int run_gateway_command(const std::string& configured_state_dir, const config::Environment& environment,
                        const std::string& name, const std::vector<std::string>& arguments) {
    const std::filesystem::path state = state_dir(configured_state_dir, environment);
    auto outcome = net::run_in_gateway(state / "admin.sock", name, arguments, kTimeout);
    if (!outcome) {
        std::cerr << "sluice " << name << ": found no gateway on " << state.string()
                  << " (state_dir) that listens on its admin.sock, expected one that runs\n";
        return 1;
    }
    std::cout << outcome->output << std::flush;
    std::cerr << outcome->errors << std::flush;
    return outcome->exit_code;
}

}  // namespace sluice::app
