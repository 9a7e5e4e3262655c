#include "routing/rendezvous.hpp"

#include <sodium.h>

#include <array>
#include <cmath>
#include <cstddef>

namespace sluice::routing {
namespace {

/// SipHash-2-4 with a key that never changes: it spreads, it protects nothing.
std::uint64_t hash_of(const void* bytes, std::size_t size) noexcept {
    static constexpr std::array<unsigned char, crypto_shorthash_KEYBYTES> kKey{};
    std::uint64_t hash = 0;
    static_assert(sizeof hash == crypto_shorthash_BYTES);
    crypto_shorthash(reinterpret_cast<unsigned char*>(&hash), static_cast<const unsigned char*>(bytes), size,
                     kKey.data());
    return hash;
}

}  // namespace

RendezvousKey::RendezvousKey(std::string_view text) noexcept : hash_(hash_of(text.data(), text.size())) {}

double RendezvousKey::score(std::string_view target, std::uint32_t weight) const noexcept {
    const std::array<std::uint64_t, 2> pair{hash_, hash_of(target.data(), target.size())};
    const std::uint64_t hash = hash_of(pair.data(), sizeof pair);
    // Evenly distributed between 0 and 1, never either: 52 bits and a half are exact in a double. The logarithm makes
    // the highest of several scores fall to each as often as its weight says (Schindelhauer and Schomaker, 2005).
    const double point = std::ldexp(static_cast<double>(hash >> 12) + 0.5, -52);
    return weight / -std::log(point);
}

}  // namespace sluice::routing
