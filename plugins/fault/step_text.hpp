// Steps as text: "rate_limited_once", "status=503;retry_after=2, cut;after=3, ok".
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "step.hpp"

namespace sluice::fault {

// Name and value of one option, as they were written.
using StepItem = std::pair<std::string_view, std::string_view>;

// Makes the steps that a scenario (empty: none) and options beside it describe: options of pace hold for all steps of
// the scenario, the others for those that have a fault. Throws StepProblem.
std::vector<Step> make_steps(std::string_view scenario, const std::vector<StepItem>& items);

/*
 * Reads a list of steps: commas between steps, semicolons between the parts of one, which are at most one scenario and
 * options as name=value. `at=name` in a step says for which instance it is: the steps for others than `instance` are
 * checked and left out. Throws StepProblem, which says where.
 */
std::vector<Step> read_steps(std::string_view text, std::string_view instance);

}  // namespace sluice::fault
