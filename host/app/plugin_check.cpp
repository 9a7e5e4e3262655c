#include "app/plugin_check.hpp"

#include <signal.h>

#include <iostream>
#include <string_view>

#include <fmt/format.h>

#include "app/offered_interfaces.hpp"
#include "app/plugin_trial.hpp"
#include "app/trial_arguments.hpp"
#include "plugin/elf_inspector.hpp"

namespace sluice::app {

namespace {

constexpr std::size_t kMaxChecks = 100;

/// One line for each check, and what came of all of them.
class CheckList {
public:
    explicit CheckList(bool may_stay) : may_stay_(may_stay) {}

    void note_held(std::string_view name) { std::cout << "ok: " << name << std::endl; }
    void note_found(std::string_view name, std::string_view found) {
        // Of the code only: what stays in memory is a matter of the language it is written in.
        const bool is_allowed = may_stay_ && found.starts_with("its code stays in memory");
        std::cout << (is_allowed ? "allowed: " : "FAILED: ") << name << ": " << found << std::endl;
        has_failed_ = has_failed_ || !is_allowed;
    }
    bool has_failed() const noexcept { return has_failed_; }

private:
    const bool may_stay_;
    bool has_failed_ = false;
};

/// How far one child came.
struct Progress {
    std::size_t count = 0;  ///< checks that have begun
    std::string running;    ///< the one that neither held nor failed
    bool is_over = false;   ///< nothing is left to be checked
};

Progress show(const std::vector<TrialLine>& lines, CheckList& list) {
    Progress progress;
    for (const TrialLine& line : lines) {
        switch (line.word) {
            case TrialWord::kBegin:
                progress.running = line.text;
                ++progress.count;
                break;
            case TrialWord::kHeld: list.note_held(std::exchange(progress.running, "")); break;
            case TrialWord::kFound: list.note_found(std::exchange(progress.running, ""), line.text); break;
            case TrialWord::kRefused:
                list.note_found("it is loaded", line.text);
                progress.is_over = true;
                break;
            case TrialWord::kEnded: progress.is_over = true; break;
            case TrialWord::kChecks:
            case TrialWord::kFigure: break;
        }
    }
    return progress;
}

std::string end_text(const plugin::TrialOutcome& outcome, const TrialArguments& arguments,
                     const plugin::TrialLimits& limits) {
    const auto* death = std::get_if<plugin::TrialDeath>(&outcome.end);
    std::string text = death && death->signal == SIGALRM
                           ? fmt::format("did not end within {} s", arguments.timeout.count())
                           : outcome.end_text(limits);
    if (!outcome.last_words.empty()) text += "; its last words: " + outcome.last_words;
    return text + ", expected it to go on";
}

/// A check that ends its child ends nothing else: the next child goes on behind it.
void run_checks(const TrialArguments& arguments, CheckList& list) {
    PluginTrial trial{arguments.file, arguments.settings, 0, arguments.timeout};
    plugin::TrialLimits limits;
    limits.timeout = arguments.timeout * static_cast<int>(kMaxChecks);
    while (trial.first_check < kMaxChecks) {
        const plugin::TrialOutcome outcome = run_plugin_trial(kCheckMode, trial, limits);
        const std::vector<TrialLine> lines = read_trial_lines(outcome.report);
        const Progress progress = show(lines, list);
        if (progress.is_over) return;
        if (!progress.running.empty()) list.note_found(progress.running, end_text(outcome, arguments, limits));
        if (progress.count == 0) return list.note_found("it is loaded", end_text(outcome, arguments, limits));
        trial.first_check += progress.count;
        const bool was_last = !lines.empty() && lines.front().word == TrialWord::kChecks &&
                              static_cast<double>(trial.first_check) >= lines.front().number;
        if (was_last) return;
    }
}

}  // namespace

int run_plugin_check(const std::vector<std::string>& words) {
    const auto arguments = read_trial_arguments(words);
    if (!arguments) {
        std::cerr << "sluice plugin check: " << arguments.error() << '\n';
        return 2;
    }
    CheckList list(arguments->may_stay);
    const auto manifest = plugin::inspect_plugin_file(arguments->file, {{}, &offered_interfaces()});
    if (!manifest) {
        list.note_found("its file can be loaded", manifest.error());
        return 1;
    }
    list.note_held("its file can be loaded");
    run_checks(*arguments, list);
    return list.has_failed() ? 1 : 0;
}

}  // namespace sluice::app
