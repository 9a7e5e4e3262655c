#pragma once

#include <algorithm>
#include <cstdint>

namespace sluice::store {

/// When a part of a quota that would expire at `expires_us` does so: rounded up to a multiple of 1/16384 of its time,
/// so that parts fall together and a quota has at most that many, and never less than is needed. The same in every
/// store.
constexpr std::uint64_t rounded_expiry_us(std::uint64_t expires_us, std::uint64_t ttl_us) noexcept {
    const std::uint64_t step_us = std::max<std::uint64_t>(1, ttl_us / 16384);
    return (expires_us + step_us - 1) / step_us * step_us;
}

}  // namespace sluice::store
