#include "jwt/base64url.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace sluice::auth::jwt {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t kNoDigit = 0xff;

constexpr std::array<std::uint8_t, 256> kDigits = [] {
    std::array<std::uint8_t, 256> digits{};
    digits.fill(kNoDigit);
    for (std::size_t at = 0; at < kAlphabet.size(); ++at) {
        digits[static_cast<unsigned char>(kAlphabet[at])] = static_cast<std::uint8_t>(at);
    }
    return digits;
}();

}  // namespace

std::optional<std::string> decode_base64url(std::string_view text) {
    if (text.size() % 4 == 1) return std::nullopt;
    std::string bytes;
    bytes.reserve(text.size() * 3 / 4);
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : text) {
        const std::uint8_t digit = kDigits[static_cast<unsigned char>(c)];
        if (digit == kNoDigit) return std::nullopt;
        bits = (bits << 6) | digit;
        count += 6;
        if (count < 8) continue;
        count -= 8;
        bytes.push_back(static_cast<char>((bits >> count) & 0xff));
    }
    const bool has_stray_bits = (bits & ((1u << count) - 1)) != 0;
    return has_stray_bits ? std::nullopt : std::optional<std::string>(std::move(bytes));
}

}  // namespace sluice::auth::jwt
