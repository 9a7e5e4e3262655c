// Text across the ABI: sluice_str and std::string_view are the same two words.
#pragma once

#include "sluice/abi.h"

#include <string_view>

namespace sluice {
inline namespace v1 {

// What `text` shows stays with its owner.
constexpr std::string_view to_view(sluice_str text) noexcept {
    return text.len == 0 ? std::string_view() : std::string_view(text.ptr, text.len);
}

// Borrows: valid while the characters behind `text` are.
constexpr sluice_str to_str(std::string_view text) noexcept { return sluice_str{text.data(), text.size()}; }

}  // namespace v1
}  // namespace sluice
