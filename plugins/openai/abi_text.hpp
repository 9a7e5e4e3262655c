// Text between the C ABI and C++.
#pragma once

#include <string_view>

#include "sluice/abi.h"

namespace sluice::openai {

inline std::string_view to_view(sluice_str text) noexcept {
    return text.len == 0 ? std::string_view{} : std::string_view{text.ptr, text.len};
}

inline sluice_str to_abi(std::string_view text) noexcept { return {text.data(), text.size()}; }

}  // namespace sluice::openai
