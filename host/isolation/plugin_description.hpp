#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "isolation/payload.hpp"
#include "plugin/plugin_library.hpp"

namespace sluice::isolation {

/// Bits of the functions a plugin has.
enum PluginFunction : std::uint32_t {
    kHasModels = 1,
    kHasHealth = 2,
    kHasShutDown = 4,
    kHasOnHead = 8,
    kHasOnRequest = 16,
    kHasOnResponse = 32,
    kHasOnChunk = 64,
    kHasOnComplete = 128,
    kHasIsGuarding = 256,
};

/// What only a loaded plugin can say about itself, on its way from the plugin process to the gateway.
struct PluginDescription {
    std::string config_schema;
    std::vector<std::string> paths;  ///< of the backend
    std::uint32_t functions = 0;     ///< bits of PluginFunction

    bool has(PluginFunction function) const noexcept { return (functions & function) != 0; }
};

PluginDescription describe(const plugin::PluginLibrary& library);

void put_description(PayloadWriter& out, const PluginDescription& description);
PluginDescription read_description(PayloadReader& in);

}  // namespace sluice::isolation
