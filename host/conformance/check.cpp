#include "conformance/check.hpp"

namespace sluice::conformance {

std::vector<Check> checks_for(const plugin::PluginLibrary& library) {
    std::vector<Check> checks = instance_checks();
    const auto add = [&checks](const std::vector<Check>& more) {
        checks.insert(checks.end(), more.begin(), more.end());
    };
    if (library.backend() != nullptr) add(backend_checks());
    if (library.middleware() != nullptr) add(middleware_checks());
    return checks;
}

}  // namespace sluice::conformance
