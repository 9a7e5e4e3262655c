#pragma once

#include <functional>
#include <string>
#include <vector>

#include "plugin/plugin_instance.hpp"
#include "reload/reloader.hpp"
#include "reload/status_report.hpp"

namespace sluice::reload {

/// The commands of a running gateway around reloading; each takes what stands behind its name. Not on a loop's thread.
class ReloadCommands {
public:
    using Arguments = std::vector<std::string>;

    /// Both outlive this.
    ReloadCommands(Reloader& reloader, std::function<Status()> status)
        : reloader_(reloader), status_(std::move(status)) {}

    plugin::CommandOutcome reload(const Arguments& arguments);   ///< [--dry-run]
    plugin::CommandOutcome diff(const Arguments& arguments);     ///< no arguments; exit code 1: there are differences
    plugin::CommandOutcome status(const Arguments& arguments);   ///< [--json]
    plugin::CommandOutcome plugins(const Arguments& arguments);  ///< [list] [--json]
    plugin::CommandOutcome plugin(const Arguments& arguments);   ///< rollback NAME

private:
    plugin::CommandOutcome report(const Arguments& arguments, std::string_view name, std::string (*text)(const Status&),
                                  std::string (*json)(const Status&));

    Reloader& reloader_;
    std::function<Status()> status_;
};

}  // namespace sluice::reload
