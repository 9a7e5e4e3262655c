#pragma once

namespace sluice::app {

/// The child of plugin::probe(): takes its order from the standard input, tries the plugin, and writes before each step
/// what it is about to do. Ends the process: 0 = all of it was done, 1 = refused, with the reason in the report.
/// To be called before anything else of the program. [main-thread]
[[noreturn]] void run_probe_command();

}  // namespace sluice::app
