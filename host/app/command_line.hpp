#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sluice::app {

enum class Command {
    kServe,
    kCheck,
    kPlugin,      ///< of a plugin, in the gateway or without one
    kGateway,     ///< one that only a running gateway can answer
    kRoute,       ///< on routes: in the gateway, or by the configuration alone
    kPluginTool,  ///< on a plugin's file, without configuration and gateway
};

struct CommandLine {
    Command command = Command::kServe;
    std::filesystem::path config_file;   ///< empty: the default one
    std::string name;                    ///< kPlugin, kGateway: of the command
    std::vector<std::string> arguments;  ///< what stands with it, but for --config
};

/// Reads the arguments. Where there is nothing left to do (--help, --version, a mistake) prints what there is to say
/// and returns nothing, with the exit code in `exit_code`. A first word that is no command of the gateway is one of a
/// plugin: `--config FILE` and `--config=FILE` are taken out before a lone `--`, the rest is the plugin's as it is.
std::optional<CommandLine> parse_command_line(int count, char** arguments, int& exit_code);

}  // namespace sluice::app
