// Names of keys and owners, and labels: any text that a line of a log or a list can hold.
#pragma once

#include <cstddef>
#include <string_view>

#include "sluice/cpp/json_text.hpp"

namespace sluice::auth {

inline constexpr std::size_t kMaxNameCharacters = 200;

// True for 1 to kMaxNameCharacters characters of UTF-8, none of them a control character.
constexpr bool is_name_text(std::string_view text) noexcept {
    std::size_t characters = 0;
    while (!text.empty()) {
        bool is_good = false;
        const std::size_t length = utf8_measure(text, is_good);
        const auto first = static_cast<unsigned char>(text[0]);
        const bool is_c1 = first == 0xC2 && length == 2 && static_cast<unsigned char>(text[1]) < 0xA0;
        if (!is_good || first < 0x20 || first == 0x7F || is_c1) return false;
        text.remove_prefix(length);
        ++characters;
    }
    return characters > 0 && characters <= kMaxNameCharacters;
}

}  // namespace sluice::auth
