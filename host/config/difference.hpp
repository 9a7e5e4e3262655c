#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "config/problem.hpp"

namespace sluice::config {

/// What differs between two configuration files, one line each: `server.timeouts.idle_ms: 75000 -> 60000`,
/// `routes[3]: added`. Both are LoadResult::document_json. Texts in the `config` of a plugin and passwords may be
/// secrets: that they changed is said, not what they are. Never throws.
std::vector<std::string> differences(const std::string& before, const std::string& after);

/// A problem for each setting that differs and that a running gateway cannot change: sockets, threads, folders, stores,
/// the room for explained requests.
Problems restart_needed(const Config& running, const Config& next);

}  // namespace sluice::config
