#include "app/plugin_bench.hpp"

#include <iostream>

#include <fmt/format.h>

#include "app/plugin_trial.hpp"
#include "app/trial_arguments.hpp"

namespace sluice::app {

int run_plugin_bench(const std::vector<std::string>& words) {
    const auto arguments = read_trial_arguments(words);
    if (!arguments) {
        std::cerr << "sluice plugin bench: " << arguments.error() << '\n';
        return 2;
    }
    plugin::TrialLimits limits;
    limits.timeout = arguments->timeout;
    const plugin::TrialOutcome outcome =
        run_plugin_trial(kBenchMode, {arguments->file, arguments->settings, 0, arguments->timeout}, limits);
    bool has_ended = false;
    std::string refusal = outcome.end_text(limits);
    for (const TrialLine& line : read_trial_lines(outcome.report)) {
        if (line.word == TrialWord::kFigure) std::cout << fmt::format("{:>12.1f} ns  {}\n", line.number, line.text);
        if (line.word == TrialWord::kRefused) refusal = line.text;
        has_ended = has_ended || line.word == TrialWord::kEnded;
    }
    if (has_ended) return 0;
    std::cerr << "sluice: " << arguments->file.string() << ": " << refusal
              << (outcome.last_words.empty() ? "" : "; its last words: " + outcome.last_words) << '\n';
    return 1;
}

}  // namespace sluice::app
