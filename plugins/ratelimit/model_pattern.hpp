// Patterns of model names.
#pragma once

#include <cstddef>
#include <string_view>

namespace sluice::ratelimit {

// True where `text` fits `pattern`, in which `*` stands for any text, also none; as in the gateway's routes.
constexpr bool matches_pattern(std::string_view pattern, std::string_view text) noexcept {
    std::size_t at = 0;
    std::size_t star = std::string_view::npos;
    std::size_t tried = 0;  // how much of the text the last star stands for ends here
    for (std::size_t i = 0; i < text.size();) {
        if (at < pattern.size() && pattern[at] == '*') {
            star = at++;
            tried = i;
        } else if (at < pattern.size() && pattern[at] == text[i]) {
            ++at;
            ++i;
        } else if (star != std::string_view::npos) {
            at = star + 1;
            i = ++tried;
        } else {
            return false;
        }
    }
    while (at < pattern.size() && pattern[at] == '*') ++at;
    return at == pattern.size();
}

}  // namespace sluice::ratelimit
