#include "config/problem_list.hpp"

#include "config/document_path.hpp"

#include <set>

namespace sluice::config {
namespace {

/// `path` without `ancestor` and without the dot between them.
std::string relative(std::string_view path, std::string_view ancestor) {
    path.remove_prefix(ancestor.size());
    if (!path.empty() && path.front() == '.') path.remove_prefix(1);
    return std::string(path);
}

}  // namespace

void add_new_problems(const Problems& more, Problems& problems) {
    std::set<std::string> earlier;
    for (const Problem& problem : problems) earlier.insert(problem.path);
    for (const Problem& problem : more) {
        if (earlier.count(problem.path) == 0) problems.push_back(problem);
    }
}

void note_origins(Problems& problems, const Origins& origins, std::string_view path_prefix) {
    for (Problem& problem : problems) {
        if (!is_at_or_below(problem.path, path_prefix)) continue;
        const auto origin = origins.find(relative(problem.path, path_prefix));
        if (origin != origins.end()) problem.message += " (from " + origin->second + ")";
    }
}

Origins origins_below(const Origins& origins, std::string_view path) {
    Origins below;
    for (const auto& [origin_path, variables] : origins) {
        if (is_at_or_below(origin_path, path)) below.emplace(relative(origin_path, path), variables);
    }
    return below;
}

}  // namespace sluice::config
