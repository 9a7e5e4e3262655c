#include "wire/decimal_number.hpp"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace sluice::bench {
namespace {

[[noreturn]] void refuse(std::string_view option, std::string_view text) {
    std::fprintf(stderr, "%s: found \"%s\", expected a number\n", std::string(option).c_str(),
                 std::string(text).c_str());
    std::exit(2);
}

}  // namespace

std::optional<std::int64_t> parse_decimal(std::string_view text) {
    constexpr std::string_view kBlanks = " \t\r";
    const auto first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return std::nullopt;
    text = text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
    if (text.front() < '0' || text.front() > '9') return std::nullopt;

    std::int64_t value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return std::nullopt;
    return value;
}

std::int64_t require_decimal(std::string_view option, std::string_view text) {
    const auto value = parse_decimal(text);
    if (!value) refuse(option, text);
    return *value;
}

double require_fraction(std::string_view option, const char* text) {
    char* end = nullptr;
    const double value = std::strtod(text, &end);
    if (end == text || *end != '\0' || value < 0) refuse(option, text);
    return value;
}

}  // namespace sluice::bench
