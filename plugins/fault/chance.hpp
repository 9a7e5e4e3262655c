// Chance that can be repeated.
#pragma once

#include <cstdint>

namespace sluice::fault {

// Numbers that depend on the seed and the request alone, whatever happens beside it. splitmix64 (Steele, Lea, Flood:
// "Fast splittable pseudorandom number generators").
class Chance {
public:
    Chance(std::uint64_t seed, std::uint64_t request_number) noexcept : state_(mix(seed) ^ mix(~request_number)) {}

    // From 0 up to, but not, 1.
    double next() noexcept {
        state_ += kStep;
        return static_cast<double>(mix(state_) >> 11) * 0x1.0p-53;
    }

private:
    static constexpr std::uint64_t kStep = 0x9E3779B97F4A7C15u;

    static constexpr std::uint64_t mix(std::uint64_t value) noexcept {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
        return value ^ (value >> 31);
    }

    std::uint64_t state_;
};

}  // namespace sluice::fault
