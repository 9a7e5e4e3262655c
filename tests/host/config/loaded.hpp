// What the tests of the configuration ask of the loader.
#pragma once

#include "config/loader.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::config {

/// Every problem of a text as `path: message`.
inline std::vector<std::string> problems_of(std::string_view text, const Environment& environment = Environment()) {
    std::vector<std::string> texts;
    for (const Problem& problem : load_text(text, environment).problems) texts.push_back(problem.text());
    return texts;
}

/// The configuration of a text that has no problem; throws std::runtime_error with the problems otherwise.
inline Config config_of(std::string_view text, const Environment& environment = Environment()) {
    LoadResult result = load_text(text, environment);
    std::string all;
    for (const Problem& problem : result.problems) all += problem.text() + "\n";
    if (!result.config) throw std::runtime_error("unexpected problems:\n" + all);
    return *result.config;
}

}  // namespace sluice::config
