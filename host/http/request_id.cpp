#include "http/request_id.hpp"

#include <sys/random.h>

#include <array>
#include <chrono>
#include <cstdint>

namespace sluice::http {

namespace {

/// xoshiro256++ (Blackman, Vigna): a system call for each request would cost more than the rest of the id.
class Generator {
public:
    Generator() {
        if (getrandom(state_.data(), sizeof state_, 0) != static_cast<ssize_t>(sizeof state_)) {
            auto now = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
            state_ = {now, reinterpret_cast<std::uintptr_t>(this), now * 0x9E3779B97F4A7C15u, 1};
        }
    }
    std::uint64_t next() {
        std::uint64_t result = rotate(state_[0] + state_[3], 23) + state_[0];
        std::uint64_t carried = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= carried;
        state_[3] = rotate(state_[3], 45);
        return result;
    }

private:
    static std::uint64_t rotate(std::uint64_t value, int bits) { return (value << bits) | (value >> (64 - bits)); }
    std::array<std::uint64_t, 4> state_{};
};

}  // namespace

bool is_acceptable_request_id(std::string_view id) noexcept {
    if (id.empty() || id.size() > 128) return false;
    for (char c : id) {
        if (c <= 0x20 || c >= 0x7f) return false;
    }
    return true;
}

void assign_fresh_request_id(std::string& out) {
    thread_local Generator generator;
    constexpr char kHex[] = "0123456789abcdef";
    std::array<std::uint64_t, 2> bits{generator.next(), generator.next()};
    bits[0] = (bits[0] & ~0xF000ull) | 0x4000ull;                         // version 4
    bits[1] = (bits[1] & 0x3FFFFFFFFFFFFFFFull) | 0x8000000000000000ull;  // variant 10
    out.resize(36);
    std::size_t at = 0;
    for (int digit = 0; digit < 32; ++digit) {
        if (digit == 8 || digit == 12 || digit == 16 || digit == 20) out[at++] = '-';
        std::uint64_t half = bits[digit < 16 ? 0 : 1];
        out[at++] = kHex[(half >> (60 - 4 * (digit & 15))) & 15];
    }
}

}  // namespace sluice::http
