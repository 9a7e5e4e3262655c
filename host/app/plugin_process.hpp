#pragma once

namespace sluice::app {

/// True for the arguments with which the gateway starts its own binary as a plugin process
/// (isolation/process_descriptors.hpp). They are not for people.
bool is_plugin_process(int count, char** arguments) noexcept;

/// Is one: serves one instance of one plugin until the gateway ends it. Returns the exit code.
int run_plugin_process(int count, char** arguments);

}  // namespace sluice::app
