// Starts processes of the claude program for one instance.
#pragma once

#include <sluice/cpp/loop.hpp>

#include <memory>
#include <optional>
#include <string>

#include "config.hpp"
#include "process/cli_command.hpp"
#include "process/cli_process.hpp"
#include "process/launcher.hpp"
#include "process/process_reaper.hpp"
#include "process/spawned_process.hpp"

namespace sluice::claude_code {

// Outlives every process it has started. At the end of the instance: destroy the processes and call close() on the home
// loop, then destroy the spawner on a thread that may block.
class CliSpawner {
public:
    // `working_directory` is absolute and exists; it stays the same for the life of sessions. Throws std::system_error.
    CliSpawner(Loop home, const Config& config, const char* const* gateway_environment, std::string working_directory);

    // [home-loop]
    std::unique_ptr<CliProcess> start(const ProcessOrder& order);
    // [home-loop]
    void close() noexcept { reaper_.close(); }

    const CliCommand& command() const noexcept { return command_; }
    const std::string& working_directory() const noexcept { return working_directory_; }
    ChildSupport support() const noexcept { return ChildSupport{home_, launcher_, reaper_}; }
    // The call that makes the program tell its version; none while there is no program.
    std::optional<ProgramCall> version_call() const;
    // Killed processes that are not gone yet. [home-loop]
    std::size_t dying() const noexcept { return reaper_.size(); }

private:
    const Loop home_;
    const CliCommand command_;
    const std::string working_directory_;
    const OutputLimits limits_;
    const Launcher launcher_;
    mutable ProcessReaper reaper_;
};

}  // namespace sluice::claude_code
