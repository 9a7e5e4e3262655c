#include "commands/command_line.hpp"

#include <algorithm>
#include <cstddef>

namespace sluice::auth {
namespace {

std::string known_options(const std::vector<OptionRule>& rules) {
    std::string list;
    for (const OptionRule& rule : rules) list += (list.empty() ? "" : ", ") + std::string(rule.name);
    return list;
}

const OptionRule& rule_of(std::string_view name, const std::vector<OptionRule>& rules) {
    const auto found =
        std::find_if(rules.begin(), rules.end(), [name](const OptionRule& rule) { return rule.name == name; });
    if (found == rules.end()) {
        throw UsageError("found the option " + std::string(name) + ", expected one of " + known_options(rules));
    }
    return *found;
}

// The value of the option at `at`, which moves on where it is a word of its own.
std::string_view take_value(const std::vector<std::string_view>& words, std::size_t& at, const OptionRule& rule,
                            std::size_t equals) {
    const bool is_joined = equals != std::string_view::npos;
    if (!rule.has_value) {
        if (is_joined) throw UsageError(std::string(rule.name) + ": expected no value, found one");
        return {};
    }
    if (is_joined) return words[at].substr(equals + 1);
    if (at + 1 == words.size()) throw UsageError(std::string(rule.name) + ": expected a value, found none");
    return words[++at];
}

}  // namespace

std::string_view CommandLine::value(std::string_view option) const {
    const auto found = options.find(option);
    return found == options.end() ? std::string_view() : found->second.front();
}

std::vector<std::string_view> CommandLine::values(std::string_view option) const {
    const auto found = options.find(option);
    return found == options.end() ? std::vector<std::string_view>() : found->second;
}

CommandLine read_command_line(const std::vector<std::string_view>& words, const std::vector<OptionRule>& rules) {
    CommandLine line;
    bool has_options = true;
    for (std::size_t at = 0; at < words.size(); ++at) {
        const std::string_view word = words[at];
        if (has_options && word == "--") {
            has_options = false;
            continue;
        }
        if (!has_options || word.substr(0, 1) != "-" || word.size() == 1) {
            line.names.push_back(word);
            continue;
        }
        const std::size_t equals = word.find('=');
        const OptionRule& rule = rule_of(word.substr(0, equals), rules);
        auto& values = line.options[rule.name];
        if (!values.empty() && !rule.may_repeat) {
            throw UsageError(std::string(rule.name) + ": expected it once, found it again");
        }
        values.push_back(take_value(words, at, rule, equals));
    }
    return line;
}

}  // namespace sluice::auth
