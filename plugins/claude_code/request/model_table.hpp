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

    // Exact names first, then the longest pattern that matches; case counts. Nullopt: unknown.
    std::optional<std::string> find(std::string_view name) const;
    // What /v1/models shows: every name that is no pattern, in the table's order.
    const std::vector<std::string>& listed() const noexcept { return listed_; }
    // For the message of model_not_found.
    std::string valid_names() const;

private:
    std::vector<std::pair<std::string, std::string>> exact_;
    std::vector<std::pair<std::string, std::string>> patterns_;  // without the *, longest first
    std::vector<std::string> listed_;
};

}  // namespace sluice::claude_code
