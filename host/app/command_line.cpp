#include "app/command_line.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <iostream>
#include <string_view>
#include <utility>

#include "app/plugin_tool.hpp"
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

constexpr std::array<std::string_view, 5> kAnsweredByGateway{"reload", "diff", "status", "plugins", "explain"};

/// A command that is not parsed here, with its arguments as they are.
std::optional<CommandLine> passed_on(const std::vector<std::string>& words, const std::string& config_file) {
    if (words.empty()) return std::nullopt;
    std::vector<std::string> rest(words.begin() + 1, words.end());
    if (words[0] == "plugin") {
        bool is_tool = rest.empty() || rest[0].starts_with('-') || is_plugin_tool(rest[0]);
        return CommandLine{is_tool ? Command::kPluginTool : Command::kGateway, config_file, words[0], std::move(rest)};
    }
    if (words[0] == "route") return CommandLine{Command::kRoute, config_file, words[0], std::move(rest)};
    auto known = std::find(kAnsweredByGateway.begin(), kAnsweredByGateway.end(), words[0]);
    if (known == kAnsweredByGateway.end()) return std::nullopt;
    return CommandLine{Command::kGateway, config_file, words[0], std::move(rest)};
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
    if (auto command = passed_on(words->first, words->second)) return command;
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
        "A running gateway answers:\n"
        "  sluice reload [--dry-run]       swap in the configuration file and the plugin files as they are now\n"
        "  sluice diff                     what a reload would change\n"
        "  sluice status                   what serves, and what still drains\n"
        "  sluice plugins                  the plugins that are loaded\n"
        "  sluice explain REQUEST_ID       what became of a request; --failed [N]: of the last that failed; --json\n"
        "  sluice route explain [OPTION]   which target a request takes, and why; --path, --method, --model,\n"
        "                                  --header 'NAME: VALUE', --attribute NAME=VALUE, --request FILE|-, --json;\n"
        "                                  without a running gateway by the configuration alone\n"
        "  sluice plugin rollback NAME     back to the version of a plugin that served before\n"
        "On files: sluice plugin COMMAND; without a word it lists them.\n"
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
