#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/trial_process.hpp"
#include "result.hpp"

namespace sluice::app {

/// First arguments of the program where it is to be the child of `sluice plugin check` and `sluice plugin bench`.
inline constexpr std::string_view kCheckMode = "--plugin-check";
inline constexpr std::string_view kBenchMode = "--plugin-bench";

/// What such a child is told.
struct PluginTrial {
    std::filesystem::path file;
    std::string settings = "{}";             ///< JSON of an instance, as configured
    std::size_t first_check = 0;             ///< those before it are left out
    std::chrono::seconds check_timeout{20};  ///< for one check; SIGALRM ends the process then
};

/// What it says, line by line, in this order.
enum class TrialWord {
    kChecks,   ///< how many checks there are
    kBegin,    ///< name of the check that begins
    kHeld,     ///< it held
    kFound,    ///< it did not: what was found; the process ends
    kFigure,   ///< name and nanoseconds of something that was measured
    kRefused,  ///< why nothing could be checked or measured; the process ends
    kEnded,    ///< all is done
};
struct TrialLine {
    TrialWord word;
    std::string text;
    double number = 0;  ///< kChecks, kFigure
};

/// Runs the child with a folder of its own, which is removed again.
plugin::TrialOutcome run_plugin_trial(std::string_view mode, const PluginTrial& trial,
                                      const plugin::TrialLimits& limits);
/// What it wrote; what is no such line, the plugin's, is passed over.
std::vector<TrialLine> read_trial_lines(const std::string& report);

/// The child's side: takes its order, does what `mode` says, and ends the process. [main-thread]
[[noreturn]] void run_trial_child(std::string_view mode);

}  // namespace sluice::app
