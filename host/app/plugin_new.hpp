#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "result.hpp"

namespace sluice::app {

inline constexpr std::string_view kPluginNewUsage =
    "NAME [--kind backend|middleware] [--lang cpp|c|rust] [--dir FOLDER]";

/// What `sluice plugin new` was asked for.
struct NewPlugin {
    std::string name;
    std::string kind = "backend";
    std::string language = "cpp";
    std::filesystem::path folder;  ///< to be made; empty: the name, in the current folder
};

/// Writes the repository of a new plugin, made of the template for its language and kind in `templates`. Gives the
/// folder, or why there is none; then nothing is left behind. [main-thread]
Result<std::filesystem::path> make_plugin_repository(const NewPlugin& plugin, const std::filesystem::path& templates);

/// Runs `sluice plugin new` with what stands behind it; gives the exit code as run_plugin_tool() does. [main-thread]
int run_plugin_new(const std::vector<std::string>& arguments);

}  // namespace sluice::app
