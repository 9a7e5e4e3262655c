// The options of a step: their names, what they may be, and where they go.
#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "step.hpp"

namespace sluice::fault {

// What is wrong with a step, in words for whoever wrote it: what was found and what was expected.
class StepProblem : public std::invalid_argument {
public:
    using std::invalid_argument::invalid_argument;
};

struct StepOption {
    enum class Kind { kInteger, kFraction, kWord };

    std::string_view name;
    Kind kind;
    std::int64_t least;  // of integers
    std::int64_t most;
    bool is_pace;  // of every answer, a good one included
    void (*set_integer)(Step& step, std::int64_t value);
    void (*set_fraction)(Step& step, double value);
    void (*set_word)(Step& step, std::string_view value);  // throws StepProblem

    // Throws StepProblem.
    void set(Step& step, std::string_view value) const;
};

std::span<const StepOption> step_options();

// Throws StepProblem, which lists the known ones.
const StepOption& step_option(std::string_view name);

// Throws StepProblem where the options of a step do not fit together.
void check_step(const Step& step);

}  // namespace sluice::fault
