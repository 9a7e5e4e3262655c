// What the plugin takes from libsodium.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::auth {

using Digest = std::array<unsigned char, 32>;

// Throws Error if the library cannot be used. Before everything else here; once is enough, more do no harm.
void start_sodium();

// Random bytes fit for keys.
std::string random_bytes(std::size_t count);

// BLAKE2b with 256 bits, keyed with `secret` where that is not empty. Every thread may call it.
Digest blake2b(std::string_view text, std::string_view secret = {}) noexcept;

std::string to_hex(std::string_view bytes);
std::string to_hex(const Digest& digest);
// nullopt unless `text` is 64 lower-case hexadecimal digits.
std::optional<Digest> digest_of_hex(std::string_view text);

// base64url without padding.
std::string to_base64url(std::string_view bytes);
// nullopt unless `text` is the one encoding of exactly `count` bytes.
std::optional<std::string> from_base64url(std::string_view text, std::size_t count);

}  // namespace sluice::auth
