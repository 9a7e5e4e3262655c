#include "app/command_line.hpp"

#include <CLI/CLI.hpp>

namespace sluice::app {

std::optional<CommandLine> parse_command_line(int count, char** arguments, int& exit_code) {
    CommandLine result;
    CLI::App app{"Sluice, an LLM gateway with hot-swappable native plugins", "sluice"};
    std::string config;
    app.set_version_flag("--version", std::string("sluice ") + SLUICE_VERSION);
    app.add_option("--config", config, "Configuration file (default: the shipped one)")->type_name("FILE");
    CLI::App* serve = app.add_subcommand("serve", "Run the gateway (the default)");
    CLI::App* check = app.add_subcommand("check", "Check the configuration without starting");
    for (CLI::App* command : {serve, check}) {
        command->add_option("--config", config, "Configuration file (default: the shipped one)")->type_name("FILE");
    }
    app.require_subcommand(0, 1);
    try {
        app.parse(count, arguments);
    } catch (const CLI::ParseError& error) {
        exit_code = app.exit(error);
        return std::nullopt;
    }
    result.command = check->parsed() ? Command::kCheck : Command::kServe;
    result.config_file = config;
    return result;
}

}  // namespace sluice::app
