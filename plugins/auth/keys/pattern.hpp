// Names with '*' in them, which stands for any characters, also none.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::auth {

// In time linear in the text for each star.
constexpr bool matches_pattern(std::string_view pattern, std::string_view text) noexcept {
    std::size_t at = 0;
    std::size_t in_text = 0;
    std::size_t star = std::string_view::npos;
    std::size_t resume = 0;
    while (in_text < text.size()) {
        if (at < pattern.size() && pattern[at] == '*') {
            star = at++;
            resume = in_text;
        } else if (at < pattern.size() && pattern[at] == text[in_text]) {
            ++at;
            ++in_text;
        } else if (star != std::string_view::npos) {
            at = star + 1;
            in_text = ++resume;
        } else {
            return false;
        }
    }
    while (at < pattern.size() && pattern[at] == '*') ++at;
    return at == pattern.size();
}

// True for an empty list, which allows everything.
inline bool matches_any_pattern(const std::vector<std::string>& patterns, std::string_view text) noexcept {
    for (const std::string& pattern : patterns) {
        if (matches_pattern(pattern, text)) return true;
    }
    return patterns.empty();
}

}  // namespace sluice::auth
