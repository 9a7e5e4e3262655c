#pragma once

#include <cstddef>
#include <string_view>

namespace sluice::http {

/// The ASCII lower-case form of one byte; other bytes stay. No locale.
constexpr char ascii_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

/// Compares without ASCII case, as header names and schemes are compared (RFC 9110, 5.1).
constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (a[i] != b[i] && ascii_lower(a[i]) != ascii_lower(b[i])) return false;
    }
    return true;
}

/// True where `value` is one of `values`, any range of texts.
template <class Values>
constexpr bool contains_ignoring_case(const Values& values, std::string_view value) noexcept {
    for (const auto& each : values) {
        if (equals_ignoring_case(each, value)) return true;
    }
    return false;
}

constexpr bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) noexcept {
    return text.size() >= prefix.size() && equals_ignoring_case(text.substr(0, prefix.size()), prefix);
}

/// Without the blanks and tabs around it (OWS, RFC 9110, 5.6.3).
constexpr std::string_view trim_blanks(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

/// True for one `token` of RFC 9110, 5.6.2: what a header name consists of.
constexpr bool is_token(std::string_view text) noexcept {
    if (text.empty()) return false;
    for (char c : text) {
        bool alphanumeric = (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
        if (!alphanumeric && std::string_view("!#$%&'*+-.^_`|~").find(c) == std::string_view::npos) return false;
    }
    return true;
}

/// True where `text` may stand as the value of a header line: no control bytes but tab.
constexpr bool is_header_value(std::string_view text) noexcept {
    for (char c : text) {
        if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) return false;
    }
    return true;
}

}  // namespace sluice::http
