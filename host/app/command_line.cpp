#include "app/command_line.hpp"

#include <CLI/CLI.hpp>

#include <iostream>
#include <string_view>
#include <utility>

#include "plugin/command_name.hpp"

namespace sluice::app {

namespace {

constexpr int kWrongArguments = 2;
constexpr std::string_view kConfigOption = "--config";

/// The words without `--config`, and the file it names. Nothing if a file is missing behind it.
std::optional<std::pair<std::vector<std::string>, std::string>> without_config(int count, char** arguments) {
    std::vector<std::string> words;
    std::string file;
    bool is_behind_separator = false;
    for (int index = 1; index < count; ++index) {
        const std::string_view word = arguments[index];
        is_behind_separator |= word == "--";
        if (!is_behind_separator && word == kConfigOption) {
            if (++index == count) return std::nullopt;
            file = arguments[index];
        } else if (!is_behind_separator && word.starts_with("--config=")) {
            file = word.substr(kConfigOption.size() + 1);
        } else {
            words.emplace_back(word);
        }
    }
    return std::pair(std::move(words), std::move(file));
}

/// The name of a plugin's command if the arguments begin with one.
bool is_plugin_command(const std::vector<std::string>& words) {
    return !words.empty() && !words[0].empty() && words[0][0] != '-' && !plugin::is_gateway_command(words[0]);
}

}  // namespace

std::optional<CommandLine> parse_command_line(int count, char** arguments, int& exit_code) {
    auto words = without_config(count, arguments);
    if (!words) {
        std::cerr << "sluice: --config: found nothing behind it, expected a file\n";
        exit_code = kWrongArguments;
        return std::nullopt;
    }
    if (is_plugin_command(words->first)) {
        std::vector<std::string> rest(words->first.begin() + 1, words->first.end());
        return CommandLine{Command::kPlugin, words->second, words->first[0], std::move(rest)};
    }
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
    app.footer(
        "Plugins of the configuration bring commands of their own, such as `sluice keys list`:\n"
        "  sluice [--config FILE] COMMAND ARGUMENT...\n"
        "An unknown command lists those there are.");
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
