// Steps that have a name of their own.
#pragma once

#include <span>
#include <string_view>

namespace sluice::fault {

struct Scenario {
    std::string_view name;
    std::string_view steps;  // as step_text reads them
};

std::span<const Scenario> scenarios();

}  // namespace sluice::fault
