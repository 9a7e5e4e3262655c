// The words behind `sluice keys`.
#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::auth {

// A mistake of the user: what was found and what was expected.
class UsageError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// An option that a command knows.
struct OptionRule {
    std::string_view name;  // "--name"
    bool has_value = true;
    bool may_repeat = false;
};

struct CommandLine {
    std::vector<std::string_view> names;  // words that are no options
    std::map<std::string_view, std::vector<std::string_view>> options;

    bool has(std::string_view option) const { return options.count(option) != 0; }
    // Empty where it is not given.
    std::string_view value(std::string_view option) const;
    std::vector<std::string_view> values(std::string_view option) const;
};

// "--name value" and "--name=value"; what stands behind "--" is no option. Throws UsageError for an option that is not
// among the rules, one without its value, with one too many, or given twice.
CommandLine read_command_line(const std::vector<std::string_view>& words, const std::vector<OptionRule>& rules);

}  // namespace sluice::auth
