// Ids of chat completions.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace sluice {
inline namespace v1 {

// Makes ids such as "chatcmpl-5e3f...": 32 hexadecimal digits that do not repeat within one instance and, by its seed,
// hardly between instances. Every thread may use it.
class ChatIds {
public:
    explicit ChatIds(std::uint64_t seed) noexcept : seed_(mix(seed)) {}

    std::string next() {
        const std::uint64_t number = number_.fetch_add(1, std::memory_order_relaxed);
        std::string id = "chatcmpl-";
        append_hex(id, seed_);
        append_hex(id, mix(seed_ ^ mix(number)));
        return id;
    }

private:
    // splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators"), a bijection.
    static constexpr std::uint64_t mix(std::uint64_t value) noexcept {
        value += 0x9E3779B97F4A7C15u;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
        return value ^ (value >> 31);
    }
    static void append_hex(std::string& out, std::uint64_t value) {
        for (int shift = 60; shift >= 0; shift -= 4) {
            out += "0123456789abcdef"[(value >> shift) & 0x0F];
        }
    }

    std::uint64_t seed_;
    std::atomic<std::uint64_t> number_{0};
};

}  // namespace v1
}  // namespace sluice
