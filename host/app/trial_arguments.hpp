#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "result.hpp"

namespace sluice::app {

/// What stands behind `sluice plugin check` and `sluice plugin bench`.
struct TrialArguments {
    std::filesystem::path file;        ///< absolute
    std::string settings = "{}";       ///< what the file behind --settings holds
    std::chrono::seconds timeout{20};  ///< --timeout: for each check, or for all that is measured
    bool may_stay = false;             ///< --allow-resident: the code need not be gone at the end
};

inline constexpr const char* kTrialUsage = "FILE [--settings JSON_FILE] [--timeout SECONDS]";

/// Fails with what was found and what was expected.
Result<TrialArguments> read_trial_arguments(const std::vector<std::string>& words);

}  // namespace sluice::app
