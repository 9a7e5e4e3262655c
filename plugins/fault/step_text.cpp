#include "step_text.hpp"

#include <algorithm>
#include <string>

#include "scenario.hpp"
#include "step_option.hpp"

namespace sluice::fault {
namespace {

constexpr std::size_t kMaxTextBytes = 1024;
constexpr std::size_t kMaxSteps = 32;

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

// Calls `visit` with each part between separators, without blanks around it.
template <class Visit>
void visit_parts(std::string_view text, char separator, Visit visit) {
    for (;;) {
        const std::size_t end = text.find(separator);
        visit(trimmed(text.substr(0, end)));
        if (end == std::string_view::npos) return;
        text.remove_prefix(end + 1);
    }
}

std::vector<Step> steps_of_scenario(std::string_view name) {
    std::string known;
    for (const Scenario& scenario : scenarios()) {
        if (scenario.name == name) {
            return scenario.steps.empty() ? std::vector<Step>(1) : read_steps(scenario.steps, {});
        }
        known.append(known.empty() ? "" : ", ").append(scenario.name);
    }
    throw StepProblem("found the scenario \"" + std::string(name) + "\", expected one of " + known);
}

struct WrittenStep {
    std::string_view scenario;
    std::string_view at;
    std::vector<StepItem> items;
};

WrittenStep split_step(std::string_view text) {
    WrittenStep step;
    visit_parts(text, ';', [&](std::string_view part) {
        if (part.empty()) throw StepProblem("found nothing, expected a scenario or an option as name=value");
        const std::size_t sign = part.find('=');
        if (sign == std::string_view::npos) {
            if (!step.scenario.empty()) {
                throw StepProblem("found the scenarios \"" + std::string(step.scenario) + "\" and \"" +
                                  std::string(part) + "\", expected one (commas stand between steps)");
            }
            step.scenario = part;
            return;
        }
        const StepItem item{trimmed(part.substr(0, sign)), trimmed(part.substr(sign + 1))};
        if (item.first == "at")
            step.at = item.second;
        else
            step.items.push_back(item);
    });
    return step;
}

}  // namespace

std::vector<Step> make_steps(std::string_view scenario, const std::vector<StepItem>& items) {
    std::vector<Step> steps = scenario.empty() ? std::vector<Step>(1) : steps_of_scenario(scenario);
    const std::vector<Step> before = steps;
    for (const auto& [name, value] : items) {
        const StepOption& option = step_option(name);
        bool is_set = false;
        for (std::size_t i = 0; i < steps.size(); ++i) {
            const bool is_meant = scenario.empty() || option.is_pace || !before[i].is_plain();
            if (is_meant) option.set(steps[i], value);
            is_set = is_set || is_meant;
        }
        if (!is_set) {
            throw StepProblem("found " + std::string(name) + " beside scenario " + std::string(scenario) +
                              ", which has no fault that it could change");
        }
    }
    std::for_each(steps.begin(), steps.end(), check_step);
    return steps;
}

std::vector<Step> read_steps(std::string_view text, std::string_view instance) {
    if (text.size() > kMaxTextBytes) {
        throw StepProblem("found " + std::to_string(text.size()) + " bytes, expected at most " +
                          std::to_string(kMaxTextBytes));
    }
    std::vector<Step> steps;
    std::size_t number = 0;
    visit_parts(text, ',', [&](std::string_view part) {
        ++number;
        try {
            if (number > kMaxSteps) throw StepProblem("expected at most " + std::to_string(kMaxSteps) + " steps");
            const WrittenStep written = split_step(part);
            const std::vector<Step> made = make_steps(written.scenario, written.items);
            if (written.at.empty() || written.at == instance) steps.insert(steps.end(), made.begin(), made.end());
        } catch (const StepProblem& problem) {
            throw StepProblem("step " + std::to_string(number) + ": " + problem.what());
        }
    });
    return steps;
}

}  // namespace sluice::fault
