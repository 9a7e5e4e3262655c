// The tokens of one call.
#pragma once

#include "sluice/message.h"

#include <cstdint>

namespace sluice {
inline namespace v1 {

struct Usage {
    std::uint64_t prompt_tokens = 0;  // cached ones included
    std::uint64_t completion_tokens = 0;
    std::uint64_t cached_tokens = 0;
    bool is_estimated = false;

    constexpr sluice_usage to_abi() const noexcept {
        const std::uint32_t flags = is_estimated ? static_cast<std::uint32_t>(SLUICE_USAGE_ESTIMATED) : 0u;
        return sluice_usage{sizeof(sluice_usage), flags, prompt_tokens, completion_tokens, cached_tokens};
    }
};

}  // namespace v1
}  // namespace sluice
