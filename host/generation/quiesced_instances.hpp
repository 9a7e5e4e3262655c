#pragma once

#include <string>
#include <vector>

#include "plugin/plugin_instance.hpp"
#include "result.hpp"

namespace sluice::generation {

/// Instances that gave up what their successors need. The generation they belong to outlives this. [main-thread]
class QuiescedInstances {
public:
    /// Lets `instance` give up what only one can have; nothing where its plugin has no such thing.
    Result<void> quiesce(const plugin::PluginInstance& instance);

    /// Has all of them take it again, the last one first. What fails is logged: there is nobody left to stop for it.
    void resume();

private:
    std::vector<const plugin::PluginInstance*> instances_;
};

}  // namespace sluice::generation
