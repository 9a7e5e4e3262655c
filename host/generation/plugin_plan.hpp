#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/problem.hpp"
#include "generation/generation.hpp"
#include "plugin/manifest.hpp"
#include "plugin/plugin_library.hpp"

namespace sluice::generation {

struct BuildServices;

/// One plugin file that a configuration names, before any of its code runs.
struct PlannedFile {
    std::filesystem::path source;  ///< as configured, absolute
    config::Isolation isolation = config::Isolation::kNone;
    std::filesystem::path file;  ///< what is loaded: the source, or an earlier version that was gone back to
    std::string config_path;     ///< of the first instance that names it: "backends.openai"
    plugin::Manifest manifest;
    std::string sha256;
    /// The library of the running generation, where the file still is what it was loaded from; else null.
    std::shared_ptr<const plugin::PluginLibrary> loaded;
    /// What the running generation has of this source; null where it has none.
    std::shared_ptr<const plugin::PluginLibrary> replaced;
};

/// The files of a configuration, or what is wrong with them.
struct PluginPlan {
    std::map<LibraryKey, PlannedFile> files;
    config::Problems problems;
};

/// Where the file of an instance is.
std::filesystem::path plugin_source(const config::PluginInstance& instance, const std::filesystem::path& plugin_dir);

/// Looks at every plugin file of a configuration without running any: rights, form, manifest; that no two files bear
/// one plugin's name; which ones `running` (may be null) has loaded already. [main-thread]
PluginPlan plan_plugins(const config::Config& config, const BuildServices& services, const Generation* running);

}  // namespace sluice::generation
