#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <string>

namespace sluice::config {

/// The environment variables a configuration may refer to: those of the process, or a fixed set.
class Environment {
public:
    using Variables = std::map<std::string, std::string>;

    /// Reads the variables of the process when asked. Not to be used while another thread changes them.
    static Environment of_process();

    /// No variables at all.
    Environment() = default;
    /// A fixed set: `Environment{{"NAME", "value"}}`.
    Environment(std::initializer_list<Variables::value_type> variables);
    explicit Environment(Variables variables);

    /// The value, or nothing when the variable is not set.
    std::optional<std::string> get(const std::string& name) const;

private:
    Variables variables_;
    bool reads_process_ = false;
};

}  // namespace sluice::config
