#include "session/session_id.hpp"

#include <sys/random.h>
#include <sluice/cpp/error.hpp>

#include <array>

namespace sluice::claude_code {
namespace {

constexpr std::size_t kLength = 36;
constexpr std::size_t kVersionAt = 14;
constexpr std::size_t kVariantAt = 19;

bool is_hyphen_at(std::size_t at) { return at == 8 || at == 13 || at == 18 || at == 23; }

}  // namespace

std::string make_session_id() {
    std::array<unsigned char, 16> bytes{};
    // So few bytes come whole or not at all.
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        throw Error("internal_error", "The system gave no random bytes for a session's id.");
    }
    bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);
    bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
    std::string id;
    for (const unsigned char byte : bytes) {
        if (is_hyphen_at(id.size())) id += '-';
        id += "0123456789abcdef"[byte >> 4];
        id += "0123456789abcdef"[byte & 0x0f];
    }
    return id;
}

std::optional<std::string> parse_session_id(std::string_view text) {
    if (text.size() != kLength) return std::nullopt;
    std::string id(text);
    for (std::size_t at = 0; at < kLength; ++at) {
        char& c = id[at];
        if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
        const bool is_digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (is_hyphen_at(at) ? c != '-' : !is_digit) return std::nullopt;
    }
    const char variant = id[kVariantAt];
    const bool is_variant = variant == '8' || variant == '9' || variant == 'a' || variant == 'b';
    return id[kVersionAt] == '4' && is_variant ? std::optional(std::move(id)) : std::nullopt;
}

}  // namespace sluice::claude_code
