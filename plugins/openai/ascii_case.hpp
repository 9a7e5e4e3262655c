// Comparing protocol tokens without case (RFC 9110, 5.1); never depends on the locale.
#pragma once

#include <cstddef>
#include <string_view>

namespace sluice::openai {

constexpr char to_lower_ascii(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

// `lower` must be in lower case already.
constexpr bool equals_ignoring_case(std::string_view text, std::string_view lower) noexcept {
    if (text.size() != lower.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (to_lower_ascii(text[i]) != lower[i]) return false;
    }
    return true;
}

// `lower` must be in lower case already.
constexpr bool starts_with_ignoring_case(std::string_view text, std::string_view lower) noexcept {
    return text.size() >= lower.size() && equals_ignoring_case(text.substr(0, lower.size()), lower);
}

}  // namespace sluice::openai
