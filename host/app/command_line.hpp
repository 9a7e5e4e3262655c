#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace sluice::app {

enum class Command { kServe, kCheck };

struct CommandLine {
    Command command = Command::kServe;
    std::filesystem::path config_file;  ///< empty: the default one
};

/// Reads the arguments. Where there is nothing left to do (--help, --version, a mistake) prints what there is to say
/// and returns nothing, with the exit code in `exit_code`.
std::optional<CommandLine> parse_command_line(int count, char** arguments, int& exit_code);

}  // namespace sluice::app
