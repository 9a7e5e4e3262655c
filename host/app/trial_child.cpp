#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "app/offered_interfaces.hpp"
#include "app/plugin_trial.hpp"
#include "app/trial_lines.hpp"
#include "app/trial_order.hpp"
#include "conformance/bench.hpp"
#include "conformance/check.hpp"
#include "plugin/plugin_library.hpp"
#include "plugin/schema_settings.hpp"

namespace sluice::app {

namespace {

constexpr std::chrono::milliseconds kMaxPatience{5000};
constexpr std::string_view kGone = "its code is gone after it was unloaded";

void say(TrialWord word, std::string text = "", double number = 0) {
    write_trial_report(trial_line({word, std::move(text), number}));
}

/// What was found stands; after it nothing in this process can be relied on.
[[noreturn]] void end_with(TrialWord word, const std::string& text) {
    say(word, text);
    _exit(0);
}

/// Of a call, within the time of its check.
std::chrono::milliseconds patience_of(const PluginTrial& trial) {
    return std::min(kMaxPatience, std::chrono::milliseconds(trial.check_timeout) / 2);
}

void begin(std::string_view check, std::chrono::seconds timeout) {
    alarm(static_cast<unsigned>(timeout.count()));
    say(TrialWord::kBegin, std::string(check));
}

std::string run(const conformance::Check& check, const conformance::Subject& subject) {
    try {
        return check.run(subject);
    } catch (const std::exception& refusal) {
        const std::string reason = refusal.what();
        return reason.empty() ? "create() failed without a message" : "create() refused the settings: " + reason;
    }
}

void run_checks(const TrialOrder& order, const conformance::Subject& subject) {
    const std::vector<conformance::Check> checks = conformance::checks_for(*subject.library);
    say(TrialWord::kChecks, "", static_cast<double>(checks.size() + 1));
    for (std::size_t index = order.trial.first_check; index < checks.size(); ++index) {
        begin(checks[index].name, order.trial.check_timeout);
        const std::string found = run(checks[index], subject);
        if (!found.empty()) end_with(TrialWord::kFound, found);
        say(TrialWord::kHeld);
    }
}

void run_bench(const conformance::Subject& subject) {
    for (const conformance::Figure& figure : conformance::measure(subject)) {
        say(TrialWord::kFigure, figure.name, figure.nanoseconds);
    }
}

[[noreturn]] void run_order(std::string_view mode, const TrialOrder& order) {
    const auto copies = plugin::PrivateCopies::open(order.folder, {{}, &offered_interfaces()});
    if (!copies) end_with(TrialWord::kRefused, copies.error());
    std::optional<plugin::UnloadReport> report;
    plugin::LoadOptions options;
    options.on_unload = [&](const plugin::UnloadReport& unloaded) { report = unloaded; };
    auto library = plugin::PluginLibrary::load(order.trial.file, *copies, std::move(options));
    if (!library) end_with(TrialWord::kRefused, library.error());
    auto settings = plugin::settings_by_schema(order.trial.settings, **library);
    if (!settings) end_with(TrialWord::kRefused, "the settings do not satisfy the schema: " + settings.error());
    conformance::Subject subject{std::move(library).value(), std::move(settings).value(), patience_of(order.trial),
                                 [](const std::string& found) { end_with(TrialWord::kFound, found); }};
    if (mode == kBenchMode) {
        run_bench(subject);
        end_with(TrialWord::kEnded, "");
    }
    run_checks(order, subject);
    begin(kGone, order.trial.check_timeout);
    subject.library.reset();
    const bool is_resident = report && report->outcome == plugin::UnloadOutcome::kResident;
    if (is_resident) end_with(TrialWord::kFound, "its code stays in memory: " + report->reason);
    say(TrialWord::kHeld);
    end_with(TrialWord::kEnded, "");
}

}  // namespace

void run_trial_child(std::string_view mode) {
    signal(SIGPIPE, SIG_IGN);
    try {
        const auto order = read_trial_order(read_trial_request());
        if (!order) end_with(TrialWord::kRefused, order.error());
        plugin::enter_trial(order->parent, order->limits);
        run_order(mode, *order);
    } catch (const std::exception& error) {
        end_with(TrialWord::kRefused, error.what());
    }
}

}  // namespace sluice::app
