#pragma once

#include <filesystem>

#include "config/environment.hpp"

namespace sluice::app {

/// The configuration that is used when none is named: conf/sluice.yaml beside the binary or in its installation, else
/// /etc/sluice/sluice.yaml.
std::filesystem::path default_config_file();

/// Where relative plugin paths resolve unless the configuration says otherwise: the plugin folder of the build or of
/// the installation the binary belongs to.
std::filesystem::path default_plugin_dir();

/// The templates of `sluice plugin new`: those of the build or of the installation the binary belongs to.
std::filesystem::path default_template_dir();

/// The SDK's CMake package in the build the binary belongs to; empty for an installed one, which CMake finds itself.
std::filesystem::path build_sdk_dir();

/// The folder of the databases, plugin copies and the admin socket: `configured`, else STATE_DIRECTORY (systemd), else
/// the XDG state folder.
std::filesystem::path state_dir(const std::filesystem::path& configured, const config::Environment& environment);

}  // namespace sluice::app
