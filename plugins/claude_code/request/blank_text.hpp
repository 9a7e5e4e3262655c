// Texts that say nothing.
#pragma once

#include <string_view>

namespace sluice::claude_code {

// Of white space alone, or empty: upstream refuses such texts.
inline bool is_blank(std::string_view text) noexcept {
    return text.find_first_not_of(" \t\r\n\f\v") == std::string_view::npos;
}

}  // namespace sluice::claude_code
