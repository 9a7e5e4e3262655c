// What JSON's grammar allows and parsers that fill machine types refuse.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice {
inline namespace v1 {
namespace detail {

inline bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

inline bool is_number_byte(char c) noexcept {
    return is_digit(c) || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

inline std::size_t skip_digits(std::string_view text, std::size_t at) noexcept {
    while (at < text.size() && is_digit(text[at])) ++at;
    return at;
}

// Where the number that begins at `begin` ends (RFC 8259, 6), or `begin` itself if none does.
inline std::size_t end_of_json_number(std::string_view text, std::size_t begin) noexcept {
    std::size_t at = begin;
    if (at < text.size() && text[at] == '-') ++at;
    const std::size_t whole = at;
    at = skip_digits(text, at);
    if (at == whole || (text[whole] == '0' && at > whole + 1)) return begin;
    if (at < text.size() && text[at] == '.') {
        const std::size_t fraction = at + 1;
        at = skip_digits(text, fraction);
        if (at == fraction) return begin;
    }
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        std::size_t exponent = at + 1;
        if (exponent < text.size() && (text[exponent] == '+' || text[exponent] == '-')) ++exponent;
        at = skip_digits(text, exponent);
        if (at == exponent) return begin;
    }
    return at;
}

// The code unit of the escape \uXXXX at `at`, or -1 where none stands.
inline int escaped_unit(std::string_view text, std::size_t at) noexcept {
    if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return -1;
    int unit = 0;
    for (std::size_t i = at + 2; i < at + 6; ++i) {
        const char lower = static_cast<char>(text[i] | 0x20);
        const bool is_letter = lower >= 'a' && lower <= 'f';
        if (!is_letter && !is_digit(text[i])) return -1;
        unit = unit * 16 + (is_letter ? lower - 'a' + 10 : text[i] - '0');
    }
    return unit;
}

inline bool is_high_surrogate(int unit) noexcept { return unit >= 0xD800 && unit <= 0xDBFF; }
inline bool is_low_surrogate(int unit) noexcept { return unit >= 0xDC00 && unit <= 0xDFFF; }

// Replaces halves of surrogate pairs in the string at `at`; returns where it ends.
inline std::size_t pass_json_string(std::string& text, std::size_t at) {
    for (++at; at < text.size() && text[at] != '"';) {
        if (text[at] != '\\') {
            ++at;
            continue;
        }
        const int unit = escaped_unit(text, at);
        if (is_high_surrogate(unit) && is_low_surrogate(escaped_unit(text, at + 6))) {
            at += 12;
            continue;
        }
        if (is_high_surrogate(unit) || is_low_surrogate(unit)) text.replace(at, 6, "\\ufffd");
        at += unit < 0 ? 2 : 6;
    }
    return at + 1;
}

}  // namespace detail

// A copy of `json`, of the same length, that a parser into machine types accepts if `json` keeps to the grammar of
// RFC 8259: numbers that may not fit 64 bits become short ones, and escaped halves of surrogate pairs, which text that
// was cut between two code units ends with, become U+FFFD. What is malformed stays so. For checking and reading only:
// what is passed on are the bytes as they came.
inline std::string parsable_json(std::string_view json) {
    constexpr std::size_t kSafeLength = 16;
    std::string copy(json);
    for (std::size_t at = 0; at < copy.size();) {
        if (copy[at] == '"') {
            at = detail::pass_json_string(copy, at);
            continue;
        }
        std::size_t end = at;
        while (end < copy.size() && detail::is_number_byte(copy[end])) ++end;
        const std::string_view number = std::string_view(copy).substr(at, end - at);
        const bool may_be_large = number.size() >= kSafeLength || number.find_first_of("eE") != std::string_view::npos;
        // Only a whole run of such bytes: in "--1e9" the second half alone would be a number.
        if (may_be_large && detail::end_of_json_number(copy, at) == end) {
            copy.replace(at, end - at, "0" + std::string(end - at - 1, ' '));
        }
        at = end > at ? end : at + 1;
    }
    return copy;
}

}  // namespace v1
}  // namespace sluice
