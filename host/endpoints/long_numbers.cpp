#include "endpoints/long_numbers.hpp"

#include <cstddef>

namespace sluice::endpoints {

namespace {

/// Integers of fewer digits fit into 64 bits.
constexpr std::size_t kSafeLength = 18;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t skip_digits(std::string_view text, std::size_t at) {
    while (at < text.size() && is_digit(text[at])) ++at;
    return at;
}

/// Where the number that begins at `at` ends, or `at` itself if none does.
std::size_t end_of_number(std::string_view text, std::size_t at) {
    std::size_t begin = at;
    if (at < text.size() && text[at] == '-') ++at;
    std::size_t whole = at;
    at = skip_digits(text, at);
    bool is_whole_valid = at > whole && (text[whole] != '0' || at == whole + 1);
    if (!is_whole_valid) return begin;
    if (at < text.size() && text[at] == '.') {
        std::size_t fraction = at + 1;
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

std::size_t end_of_string(std::string_view text, std::size_t at) {
    for (++at; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] == '\\') ++at;
    }
    return at + 1;
}

}  // namespace

std::string with_short_numbers(std::string_view json) {
    std::string copy(json);
    for (std::size_t at = 0; at < copy.size();) {
        if (copy[at] == '"') {
            at = end_of_string(copy, at);
            continue;
        }
        std::size_t end = copy[at] == '-' || is_digit(copy[at]) ? end_of_number(copy, at) : at;
        std::string_view number = std::string_view(copy).substr(at, end - at);
        if (number.size() >= kSafeLength || number.find_first_of("eE") != std::string_view::npos) {
            copy.replace(at, end - at, "1" + std::string(end - at - 1, ' '));
        }
        at = end > at ? end : at + 1;
    }
    return copy;
}

}  // namespace sluice::endpoints
