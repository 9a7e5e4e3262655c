// Which names clients may use for a model, and what the program calls it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::claude_code {

// The built-in names, those of the configuration (which win), and what the program reports itself. [any-thread] while
// it is not changed.
class ModelTable {
public:
    // Pairs of a name and the program's model; a name that ends with * stands for every name that begins so.
    explicit ModelTable(std::vector<std::pair<std::string, std::string>> configured);

    // Adds a model the program offers, by the program's name for it and by the full name behind that; what is in the
    // table already stays.
    void add_reported(std::string_view name, std::string_view resolved);

    // Exact names first, then the longest pattern that matches; case counts. Nullopt: unknown.
    std::optional<std::string> find(std::string_view name) const;
    // What /v1/models shows, in the table's order: every name but patterns and OpenAI's own that are built in.
    // Rationale: a model that only one backend lists is sent there, and nobody who asks for gpt-4 without naming Claude
    // means it.
    const std::vector<std::string>& listed() const noexcept { return listed_; }
    // For the message of model_not_found.
    std::string valid_names() const;

private:
    void add(std::string name, std::string model, bool is_listed);

    std::vector<std::pair<std::string, std::string>> exact_;
    std::vector<std::pair<std::string, std::string>> patterns_;  // without the *, longest first
    std::vector<std::string> listed_;
};

}  // namespace sluice::claude_code
