// Text as a JSON string.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice {
inline namespace v1 {

// The length of the UTF-8 sequence that begins with `lead`, or 0 where none may begin with it.
constexpr std::size_t utf8_length(unsigned char lead) noexcept {
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xC2 && lead <= 0xDF) {
        return 2;
    }
    if (lead >= 0xE0 && lead <= 0xEF) {
        return 3;
    }
    return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

// True if `next` may be the second byte after `lead` (Unicode, table 3-7: no overlong forms, no surrogates).
constexpr bool utf8_may_follow(unsigned char lead, unsigned char next) noexcept {
    switch (lead) {
        case 0xE0: return next >= 0xA0 && next <= 0xBF;
        case 0xED: return next >= 0x80 && next <= 0x9F;
        case 0xF0: return next >= 0x90 && next <= 0xBF;
        case 0xF4: return next >= 0x80 && next <= 0x8F;
        default: return next >= 0x80 && next <= 0xBF;
    }
}

// How many bytes at the start of `text` are part of its first character: the whole of a good sequence, or the longest
// start of one. `text` is not empty. Sets `is_good` for a whole one.
constexpr std::size_t utf8_measure(std::string_view text, bool& is_good) noexcept {
    const auto lead = static_cast<unsigned char>(text[0]);
    const std::size_t length = utf8_length(lead);
    std::size_t have = 1;
    while (have < length && have < text.size()) {
        const auto next = static_cast<unsigned char>(text[have]);
        if (have == 1 ? !utf8_may_follow(lead, next) : (next & 0xC0) != 0x80) {
            break;
        }
        ++have;
    }
    is_good = length != 0 && have == length;
    return have;
}

// How many bytes at the end of `text` begin a character whose rest may still come; at most 3.
constexpr std::size_t utf8_unfinished(std::string_view text) noexcept {
    for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
        const std::string_view tail = text.substr(text.size() - back);
        const auto byte = static_cast<unsigned char>(tail[0]);
        if ((byte & 0xC0) == 0x80) {
            continue;
        }
        bool is_good = false;
        const bool reaches_end = utf8_measure(tail, is_good) == back;
        return !is_good && reaches_end && utf8_length(byte) > back ? back : 0;
    }
    return 0;
}

// Appends `text` to `out` as a JSON string with its quotes. What is not UTF-8 becomes U+FFFD.
inline void append_json_string(std::string& out, std::string_view text) {
    constexpr char kHex[] = "0123456789abcdef";
    out += '"';
    std::size_t position = 0;
    while (position < text.size()) {
        const char byte = text[position];
        const auto value = static_cast<unsigned char>(byte);
        if (value >= 0x80) {
            bool is_good = false;
            const std::size_t length = utf8_measure(text.substr(position), is_good);
            out += is_good ? text.substr(position, length) : std::string_view("\xEF\xBF\xBD");
            position += length;
            continue;
        }
        ++position;
        switch (byte) {
            case '"': out += "\\\""; break;
            case '\\': out += "\\\\"; break;
            case '\n': out += "\\n"; break;
            case '\r': out += "\\r"; break;
            case '\t': out += "\\t"; break;
            default:
                if (value >= 0x20) {
                    out += byte;
                } else {
                    out += "\\u00";
                    out += kHex[value >> 4];
                    out += kHex[value & 0x0F];
                }
        }
    }
    out += '"';
}

}  // namespace v1
}  // namespace sluice
