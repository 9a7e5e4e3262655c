#include "request/model_table.hpp"

#include <algorithm>
#include <array>

namespace sluice::claude_code {
namespace {

struct BuiltIn {
    std::string_view name;
    std::string_view model;
    bool is_listed;
};

// Aliases stay aliases, so that a newer program brings newer models.
constexpr std::array<BuiltIn, 13> kBuiltIn{{
    {"claude-opus-4-6", "claude-opus-4-6", true},
    {"claude-sonnet-4-6", "claude-sonnet-4-6", true},
    {"claude-haiku-4-5", "claude-haiku-4-5-20251001", true},
    {"opus", "opus", true},
    {"sonnet", "sonnet", true},
    {"haiku", "haiku", true},
    {"gpt-4", "opus", false},
    {"gpt-4o*", "sonnet", false},
    {"gpt-4-turbo*", "sonnet", false},
    {"gpt-4-0125-preview", "sonnet", false},
    {"gpt-4-1106-preview", "sonnet", false},
    {"gpt-4o-mini*", "haiku", false},
    {"gpt-3.5-turbo*", "haiku", false},
}};

using Entries = std::vector<std::pair<std::string, std::string>>;

Entries::iterator entry_of(Entries& entries, std::string_view name) {
    return std::find_if(entries.begin(), entries.end(), [name](const auto& each) { return each.first == name; });
}

}  // namespace

ModelTable::ModelTable(std::vector<std::pair<std::string, std::string>> configured) {
    for (const BuiltIn& each : kBuiltIn) add(std::string(each.name), std::string(each.model), each.is_listed);
    for (auto& [name, model] : configured) add(std::move(name), std::move(model), true);
}

void ModelTable::add_reported(std::string_view name, std::string_view resolved) {
    // The program's "default" names a choice of its operator, no model.
    for (const std::string_view each : {name, resolved}) {
        if (each.empty() || each == "default" || find(each).has_value()) continue;
        add(std::string(each), std::string(each), true);
    }
}

std::optional<std::string> ModelTable::find(std::string_view name) const {
    const auto is_it = [name](const auto& each) { return each.first == name; };
    const auto exact = std::find_if(exact_.begin(), exact_.end(), is_it);
    if (exact != exact_.end()) return exact->second;
    const auto matches = [name](const auto& each) { return name.starts_with(each.first); };
    const auto pattern = std::find_if(patterns_.begin(), patterns_.end(), matches);
    if (pattern != patterns_.end()) return pattern->second;
    return std::nullopt;
}

std::string ModelTable::valid_names() const {
    std::string names;
    const auto append = [&names](std::string_view name, std::string_view end) {
        if (!names.empty()) names += ", ";
        names.append(name).append(end);
    };
    for (const auto& [name, model] : exact_) append(name, "");
    for (const auto& [name, model] : patterns_) append(name, "*");
    return names;
}

void ModelTable::add(std::string name, std::string model, bool is_listed) {
    const bool is_pattern = name.ends_with('*');
    if (is_pattern) name.pop_back();
    if (is_listed && !is_pattern && std::find(listed_.begin(), listed_.end(), name) == listed_.end()) {
        listed_.push_back(name);
    }
    Entries& entries = is_pattern ? patterns_ : exact_;
    const auto known = entry_of(entries, name);
    if (known != entries.end()) {
        known->second = std::move(model);
        return;
    }
    const auto is_shorter = [&name](const auto& each) { return each.first.size() < name.size(); };
    const auto place = is_pattern ? std::find_if(entries.begin(), entries.end(), is_shorter) : entries.end();
    entries.emplace(place, std::move(name), std::move(model));
}

}  // namespace sluice::claude_code
