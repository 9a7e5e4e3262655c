#include "config/environment.hpp"

#include <cstdlib>
#include <utility>

namespace sluice::config {

Environment Environment::of_process() {
    Environment environment;
    environment.reads_process_ = true;
    return environment;
}

Environment::Environment(std::initializer_list<Variables::value_type> variables) : variables_(variables) {}

Environment::Environment(Variables variables) : variables_(std::move(variables)) {}

std::optional<std::string> Environment::get(const std::string& name) const {
    if (reads_process_) {
        const char* value = std::getenv(name.c_str());
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
    }
    const auto found = variables_.find(name);
    return found == variables_.end() ? std::nullopt : std::optional<std::string>(found->second);
}

}  // namespace sluice::config
