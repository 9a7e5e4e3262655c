#include "reload/reload_commands.hpp"

#include <fmt/format.h>

#include <utility>

namespace sluice::reload {

namespace {

using plugin::CommandOutcome;

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kWrongArguments = 2;

CommandOutcome wrong_arguments(std::string_view name, std::string_view expected,
                               const ReloadCommands::Arguments& found) {
    std::string words;
    for (const std::string& word : found) words += " " + word;
    return {
        kWrongArguments, "",
        fmt::format("sluice {}: found \"{}\", expected {}\n", name, words.empty() ? "" : words.substr(1), expected)};
}

CommandOutcome shown(const Outcome& outcome) {
    if (outcome.kind == Outcome::Kind::kRefused) return {kFailed, "", refusal_text(outcome)};
    return {kDone, outcome_text(outcome), ""};
}

std::string changes_text(const Outcome& outcome) {
    std::string text;
    for (const std::string& change : outcome.changes) text += change + "\n";
    return text;
}

}  // namespace

CommandOutcome ReloadCommands::reload(const Arguments& arguments) {
    if (arguments.empty()) return shown(reloader_.reload("command"));
    if (arguments != Arguments{"--dry-run"}) return wrong_arguments("reload", "nothing or --dry-run", arguments);
    Outcome outcome = reloader_.rehearse();
    if (outcome.kind != Outcome::Kind::kDone) return shown(outcome);
    return {kDone,
            fmt::format("a reload would change:\n{}generation {} goes on\n", changes_text(outcome), outcome.generation),
            ""};
}

CommandOutcome ReloadCommands::diff(const Arguments& arguments) {
    constexpr int kTrouble = 2;
    if (!arguments.empty()) return wrong_arguments("diff", "no arguments", arguments);
    Outcome outcome = reloader_.preview();
    if (outcome.kind == Outcome::Kind::kRefused) return {kTrouble, changes_text(outcome), refusal_text(outcome)};
    return {outcome.changes.empty() ? kDone : kFailed, changes_text(outcome), ""};
}

CommandOutcome ReloadCommands::status(const Arguments& arguments) {
    return report(arguments, "status", status_text, status_json);
}

CommandOutcome ReloadCommands::plugins(const Arguments& arguments) {
    Arguments rest = arguments;
    if (!rest.empty() && rest[0] == "list") rest.erase(rest.begin());
    return report(rest, "plugins", plugins_text, plugins_json);
}

CommandOutcome ReloadCommands::report(const Arguments& arguments, std::string_view name,
                                      std::string (*text)(const Status&), std::string (*json)(const Status&)) {
    const bool is_json = arguments == Arguments{"--json"};
    if (!arguments.empty() && !is_json) return wrong_arguments(name, "nothing or --json", arguments);
    const Status status = status_();
    if (!status.serving) return {kFailed, "", "sluice: the gateway is stopping\n"};
    return {kDone, is_json ? json(status) : text(status), ""};
}

CommandOutcome ReloadCommands::plugin(const Arguments& arguments) {
    if (arguments.size() != 2 || arguments[0] != "rollback") {
        return wrong_arguments("plugin", "rollback NAME", arguments);
    }
    return shown(reloader_.roll_back(arguments[1]));
}

}  // namespace sluice::reload
