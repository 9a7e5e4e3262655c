#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>

namespace sluice::plugin {

/// What a trial may take.
struct TrialLimits {
    std::chrono::milliseconds timeout{10000};
    std::uint64_t max_file_bytes = 256 << 20;  ///< longest file it may write
    std::uint64_t max_descriptors = 1024;
    /// Once it is readable the trial is ended: nobody waits for it any more. Negative: there is none.
    int stop_descriptor = -1;
    /// What is run: this very program, even after an upgrade has replaced its file.
    std::filesystem::path program = "/proc/self/exe";
};

/// How a trial ended.
struct TrialExit {
    int code;
};
struct TrialDeath {
    int signal;
};
struct TrialTimeout {};
struct TrialStopped {};
struct TrialNotStarted {
    std::string reason;
};

struct TrialOutcome {
    std::variant<TrialExit, TrialDeath, TrialTimeout, TrialStopped, TrialNotStarted> end;
    std::string report;      ///< what it wrote to its report descriptor, bounded
    std::string last_words;  ///< the last line of what it wrote to its standard streams, without control characters

    /// "exited with 3", "died of SIGSEGV (segmentation fault)", "did not end within 10000 ms".
    std::string end_text(const TrialLimits& limits) const;
};

/// Descriptor the child writes its report to; its request is on the standard input, up to the end of the input.
inline constexpr int kTrialReportDescriptor = 3;

/// Runs code of which nothing is known in a process of its own: `program mode`, with `request` as its input. It has
/// neither a descriptor nor a blocked signal of this process, and is killed with all it has started when its time is
/// over or it has ended; the child itself calls enter_trial() for the rest. Blocks. [any-thread]
TrialOutcome run_trial(const std::string& mode, const std::string& request, const TrialLimits& limits);

/// The child's side of run_trial(), to be called before anything else: dies with the thread of the process `parent`
/// that waits for it, leaves no core, and takes no more than `limits`. Ends the process where the parent has gone.
void enter_trial(int parent, const TrialLimits& limits);

}  // namespace sluice::plugin
