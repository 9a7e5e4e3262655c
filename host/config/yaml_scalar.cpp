#include "config/yaml_scalar.hpp"

#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

namespace sluice::config {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
    for (const std::string_view word : words) {
        if (text == word) return true;
    }
    return false;
}

std::string_view without_sign(std::string_view text) {
    if (!text.empty() && (text.front() == '+' || text.front() == '-')) text.remove_prefix(1);
    return text;
}

bool is_all_digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// The digits of an integer and their base; no base when the text is no integer.
struct IntegerText {
    int base = 0;
    std::string_view digits;
};

IntegerText integer_text(std::string_view text) {
    const auto holds_only = [&](std::string_view digits) {
        return text.size() > 2 && text.find_first_not_of(digits, 2) == std::string_view::npos;
    };
    if (text.substr(0, 2) == "0x" && holds_only("0123456789abcdefABCDEF")) return {16, text.substr(2)};
    if (text.substr(0, 2) == "0o" && holds_only("01234567")) return {8, text.substr(2)};
    if (!is_all_digits(without_sign(text))) return {};
    return {10, text.front() == '+' ? text.substr(1) : text};
}

/// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool is_number(std::string_view text) {
    text = without_sign(text);
    const std::size_t exponent = text.find_first_of("eE");
    if (exponent != std::string_view::npos) {
        if (!is_all_digits(without_sign(text.substr(exponent + 1)))) return false;
        text = text.substr(0, exponent);
    }
    const std::size_t point = text.find('.');
    if (point == std::string_view::npos) return is_all_digits(text);
    const std::string_view whole = text.substr(0, point);
    const std::string_view fraction = text.substr(point + 1);
    if (whole.empty()) return is_all_digits(fraction);
    return is_all_digits(whole) && (fraction.empty() || is_all_digits(fraction));
}

ScalarValue read_number(const std::string& text) {
    const std::string_view digits = text.front() == '+' ? std::string_view(text).substr(1) : std::string_view(text);
    double number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc() || end != digits.data() + digits.size() || !std::isfinite(number)) {
        return {{}, "found " + text + ", expected a number that fits 64 bits"};
    }
    return {number, ""};
}

ScalarValue read_integer(const std::string& text, const IntegerText& integer) {
    Poco::Int64 number = 0;
    const char* last = integer.digits.data() + integer.digits.size();
    const auto [end, error] = std::from_chars(integer.digits.data(), last, number, integer.base);
    if (error != std::errc() || end != last) return {{}, "found " + text + ", expected an integer that fits 64 bits"};
    return {number, ""};
}

}  // namespace

ScalarValue read_plain_scalar(const std::string& text) {
    if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) return {};
    if (is_one_of(text, {"true", "True", "TRUE"})) return {true, ""};
    if (is_one_of(text, {"false", "False", "FALSE"})) return {false, ""};
    const IntegerText integer = integer_text(text);
    if (integer.base != 0) return read_integer(text, integer);
    if (is_number(text)) return read_number(text);
    const std::string_view unsigned_text = without_sign(text);
    if (is_one_of(unsigned_text, {".inf", ".Inf", ".INF"}) || is_one_of(text, {".nan", ".NaN", ".NAN"})) {
        return {{}, "found " + text + ", expected a number that JSON can hold"};
    }
    return {text, ""};
}

}  // namespace sluice::config
