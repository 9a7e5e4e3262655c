#include "process/cli_spawner.hpp"

#include <utility>

namespace sluice::claude_code {

CliSpawner::CliSpawner(Loop home, const Config& config, const char* const* gateway_environment,
                       std::string working_directory)
    : home_(home),
      command_(config, gateway_environment),
      working_directory_(std::move(working_directory)),
      limits_{config.max_output_bytes, config.max_stderr_bytes},
      reaper_(home) {}

std::unique_ptr<CliProcess> CliSpawner::start(const ProcessOrder& order) {
    auto process = std::make_unique<SpawnedProcess>(home_, order, limits_);
    std::string program = command_.find_program();
    if (program.empty()) {
        process->refuse("the program \"" + std::string(command_.program_name()) + "\" is missing or not executable");
    } else {
        process->start(support(), ProgramCall{std::move(program), command_.arguments(order), command_.environment(),
                                              working_directory_});
    }
    return process;
}

std::optional<ProgramCall> CliSpawner::version_call() const {
    std::string program = command_.find_program();
    if (program.empty()) return std::nullopt;
    return ProgramCall{std::move(program),
                       {std::string(command_.program_name()), "--version"},
                       command_.environment(),
                       working_directory_};
}

}  // namespace sluice::claude_code
