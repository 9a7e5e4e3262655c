// How the claude program is called: where it is, with which arguments, in which environment.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config.hpp"
#include "process/cli_process.hpp"

namespace sluice::claude_code {

// Does not change once it is made; every thread may use it. Secrets are in the environment, never in an argument.
class CliCommand {
public:
    // `gateway_environment` is a list like environ, copied as far as it is passed on.
    CliCommand(const Config& config, const char* const* gateway_environment);

    std::vector<std::string> arguments(const ProcessOrder& order) const;
    // NAME=value, each name once: all that the program gets to see.
    const std::vector<std::string>& environment() const noexcept { return environment_; }
    // The absolute path of the program, looked up anew each time; empty if there is none that can be executed.
    std::string find_program() const;
    // Its name without folders, for messages.
    std::string_view program_name() const noexcept;
    // Whether it could log in: a key, a token or the file of a login is there. Spends nothing and proves nothing.
    bool has_credentials() const;
    // The keys and tokens the program gets to see.
    std::vector<std::string> credentials() const;
    // Where the program keeps its sessions; empty: nowhere that is known.
    std::string home_folder() const { return std::string(variable("HOME")); }

private:
    std::string_view variable(std::string_view name) const noexcept;

    const std::string cli_path_;
    std::vector<std::string> environment_;
};

}  // namespace sluice::claude_code
