#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::app {

/// What `sluice plugin` does with files, without a configuration and a gateway.
inline constexpr std::array<std::string_view, 4> kPluginTools{"new", "inspect", "check", "bench"};

inline bool is_plugin_tool(std::string_view name) noexcept {
    return std::find(kPluginTools.begin(), kPluginTools.end(), name) != kPluginTools.end();
}

/// Runs `sluice plugin <words[0]> ...`; gives the exit code: 0 = done, 1 = failed, 2 = wrong arguments. Writes to the
/// standard streams. [main-thread]
int run_plugin_tool(const std::vector<std::string>& words);

}  // namespace sluice::app
