#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "plugin/trial_process.hpp"
#include "result.hpp"

namespace sluice::plugin {

/// An instance to make of the plugin. `config_json` is a JSON object: as it is configured, or with its secrets in clear
/// text already; what the plugin's schema says is filled in, resolved and checked in the child.
struct ProbedInstance {
    std::string name;
    std::string config_json = "{}";
    bool is_backend = true;
};

struct ProbeRequest {
    std::filesystem::path file;
    std::vector<ProbedInstance> instances;
};

struct ProbeLimits : TrialLimits {
    /// Where the folder of a probe is made, for the copy of the plugin and files of its instances.
    std::filesystem::path scratch = std::filesystem::temp_directory_path();
};

/// Where a plugin failed. `step` is inspect, load, create or destroy, or start where the probe itself did not run.
struct ProbeFailure {
    std::string step;
    std::string instance;  ///< empty where it is not about one
    std::string reason;    ///< what was found, with the words of loader and plugin as they are
};

/// Tries a plugin file in a process of its own, which it cannot harm: reads it, loads it, makes the instances one after
/// the other with SLUICE_HOST_PROBE set, destroys them and unloads the code. Success says that all of that was done.
/// Secrets go through a socket, never into arguments, environment or files. Blocks, at most as long as the limits say;
/// nothing of it is left afterwards. [any-thread]
Result<void, ProbeFailure> probe(const ProbeRequest& request, const ProbeLimits& limits = {});

}  // namespace sluice::plugin
