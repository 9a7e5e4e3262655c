#pragma once

#include <string>
#include <string_view>

namespace sluice::app {

/// The child's ends of plugin::run_trial(). [main-thread]

/// Everything the parent sends; the standard input is /dev/null afterwards.
std::string read_trial_request();

/// Writes to the parent's report, all of it. A parent that has gone takes the process with it.
void write_trial_report(std::string_view text);

}  // namespace sluice::app
