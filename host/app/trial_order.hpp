#pragma once

#include <filesystem>
#include <string>

#include "app/plugin_trial.hpp"
#include "plugin/trial_process.hpp"
#include "result.hpp"

namespace sluice::app {

/// How a PluginTrial travels to its child.
struct TrialOrder {
    int parent = 0;
    plugin::TrialLimits limits;
    std::filesystem::path folder;  ///< of the child, removed by the parent
    PluginTrial trial;
};

std::string trial_order_json(const TrialOrder& order);
/// Fails with what is missing.
Result<TrialOrder> read_trial_order(const std::string& json);

/// One line of the report; line ends in its text become "; ".
std::string trial_line(const TrialLine& line);

}  // namespace sluice::app
