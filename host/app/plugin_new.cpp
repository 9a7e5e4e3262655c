#include "app/plugin_new.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <iostream>
#include <utility>

#include "app/installation.hpp"
#include "app/plugin_template.hpp"

namespace sluice::app {

namespace {

namespace fs = std::filesystem;

constexpr int kWrongArguments = 2;
constexpr std::array<std::string_view, 2> kKinds{"backend", "middleware"};
constexpr std::array<std::string_view, 3> kLanguages{"cpp", "c", "rust"};

template <std::size_t kCount>
Result<void> expect_one_of(std::string_view option, const std::array<std::string_view, kCount>& known,
                           std::string_view found) {
    if (std::find(known.begin(), known.end(), found) != known.end()) return {};
    return Unexpected(fmt::format("{}: found \"{}\", expected one of {}", option, found, fmt::join(known, ", ")));
}

/// The arguments as a request. Nothing, with the exit code, where there is none to act on.
std::optional<NewPlugin> parse(std::vector<std::string> arguments, int& exit_code) {
    NewPlugin plugin;
    std::string folder;
    CLI::App app{"Writes the repository of a new plugin: sources, tests, build files, a gateway to try it in",
                 "sluice plugin new"};
    app.add_option("NAME", plugin.name, "Of the plugin: [a-z][a-z0-9_-]*")->required();
    app.add_option("--kind", plugin.kind, "backend (default) or middleware");
    app.add_option("--lang", plugin.language, "cpp (default), c or rust");
    app.add_option("--dir", folder, "The folder to make (default: NAME)");
    try {
        std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
        app.parse(std::move(arguments));
    } catch (const CLI::CallForHelp&) {
        std::cout << app.help();
        exit_code = 0;
        return std::nullopt;
    } catch (const CLI::ParseError& error) {
        std::cerr << "sluice plugin new: " << error.what() << "; expected " << kPluginNewUsage << '\n';
        exit_code = kWrongArguments;
        return std::nullopt;
    }
    plugin.folder = folder;
    return plugin;
}

/// A line for an SDK that builds do not find by themselves.
std::string where_the_sdk_is(const NewPlugin& plugin) {
    const fs::path templates = default_template_dir();
    if (plugin.language == "rust" && templates != "/usr/share/sluice/templates") {
        return fmt::format("The SDK of this gateway is found with SLUICE_SDK={}\n", templates.parent_path().string());
    }
    const fs::path sdk = build_sdk_dir();
    if (plugin.language == "rust" || sdk.empty()) return "";
    return fmt::format("The SDK of this gateway, which is not installed, is found with SluiceSDK_DIR={}\n",
                       sdk.string());
}

}  // namespace

Result<fs::path> make_plugin_repository(const NewPlugin& plugin, const fs::path& templates) {
    auto name = PluginName::parse(plugin.name);
    if (!name) return Unexpected(std::move(name).error());
    if (auto kind = expect_one_of("--kind", kKinds, plugin.kind); !kind) return Unexpected(std::move(kind).error());
    if (auto language = expect_one_of("--lang", kLanguages, plugin.language); !language) {
        return Unexpected(std::move(language).error());
    }
    const fs::path source = templates / (plugin.language + "-" + plugin.kind);
    std::error_code error;
    if (!fs::is_directory(source, error)) {
        return Unexpected(fmt::format("{}: found no such folder, expected the template of the SDK (package sluice-sdk)",
                                      source.string()));
    }
    const fs::path folder = plugin.folder.empty() ? fs::path(plugin.name) : plugin.folder;
    auto copied = copy_template(source, *name, folder);
    if (!copied) return Unexpected(std::move(copied).error());
    return folder;
}

int run_plugin_new(const std::vector<std::string>& arguments) {
    int exit_code = 0;
    const auto plugin = parse(arguments, exit_code);
    if (!plugin) return exit_code;
    auto folder = make_plugin_repository(*plugin, default_template_dir());
    if (!folder) {
        std::cerr << "sluice plugin new: " << folder.error() << '\n';
        return 1;
    }
    std::cout << fmt::format("{}: a {} in {}\n{}: how to build, test and run it\n", folder->string(), plugin->kind,
                             plugin->language, (*folder / "README.md").string());
    std::cout << where_the_sdk_is(*plugin);
    return 0;
}

}  // namespace sluice::app
