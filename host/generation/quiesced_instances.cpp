#include "generation/quiesced_instances.hpp"

#include "observability/log.hpp"

namespace sluice::generation {

Result<void> QuiescedInstances::quiesce(const plugin::PluginInstance& instance) {
    if (!instance.library().quiesce()) return {};
    auto outcome = instance.quiesce();
    if (outcome) instances_.push_back(&instance);
    return outcome;
}

void QuiescedInstances::resume() {
    while (!instances_.empty()) {
        const plugin::PluginInstance& instance = *instances_.back();
        instances_.pop_back();
        if (auto outcome = instance.resume(); !outcome) {
            observability::log(observability::LogLevel::kError, "plugin_not_resumed", outcome.error(),
                               {{"instance", instance.name()}});
        }
    }
}

}  // namespace sluice::generation
