#include "observability/utf8.hpp"

#include <cstdint>

namespace sluice::observability {
namespace {

constexpr std::uint8_t byte_at(std::string_view text, std::size_t index) {
    return static_cast<std::uint8_t>(text[index]);
}

// What may follow a lead byte; the second byte's range is what keeps out overlong forms and surrogates (Unicode
// Standard, table 3-7).
struct Lead {
    std::size_t length;
    std::uint8_t second_low;
    std::uint8_t second_high;
};

constexpr Lead lead_of(std::uint8_t byte) {
    if (byte < 0x80) return {1, 0, 0};
    if (byte >= 0xC2 && byte <= 0xDF) return {2, 0x80, 0xBF};
    if (byte == 0xE0) return {3, 0xA0, 0xBF};
    if (byte == 0xED) return {3, 0x80, 0x9F};
    if (byte >= 0xE1 && byte <= 0xEF) return {3, 0x80, 0xBF};
    if (byte == 0xF0) return {4, 0x90, 0xBF};
    if (byte >= 0xF1 && byte <= 0xF3) return {4, 0x80, 0xBF};
    if (byte == 0xF4) return {4, 0x80, 0x8F};
    return {0, 0, 0};
}

}  // namespace

Utf8Sequence utf8_sequence_at(std::string_view text, std::size_t begin) noexcept {
    const Lead lead = lead_of(byte_at(text, begin));
    if (lead.length == 0) {
        return {1, false};
    }
    std::uint8_t low = lead.second_low;
    std::uint8_t high = lead.second_high;
    for (std::size_t taken = 1; taken < lead.length; ++taken) {
        if (begin + taken >= text.size()) {
            return {taken, false};
        }
        const std::uint8_t byte = byte_at(text, begin + taken);
        if (byte < low || byte > high) {
            return {taken, false};
        }
        low = 0x80;
        high = 0xBF;
    }
    return {lead.length, true};
}

bool is_valid_utf8(std::string_view text) noexcept {
    for (std::size_t index = 0; index < text.size();) {
        const Utf8Sequence sequence = utf8_sequence_at(text, index);
        if (!sequence.is_valid) {
            return false;
        }
        index += sequence.length;
    }
    return true;
}

}  // namespace sluice::observability
