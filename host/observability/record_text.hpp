// The pieces that the records of requests are written with, as JSON or for a person.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <string_view>

namespace sluice::observability {

template <class Integer>
void append_number(std::string& out, Integer number) {
    const fmt::format_int text(number);
    out.append(text.data(), text.size());
}

/// Milliseconds with three decimals, without the cost of floating point; 0 for what is below.
void append_milliseconds(std::string& out, std::chrono::nanoseconds duration);

/// Appends `before` and `text` for a person; nothing where `text` is empty.
void append_word(std::string& out, std::string_view before, std::string_view text);

/// Appends `key`, which brings its comma, quotes and colon, and `text` as a JSON string; nothing where it is empty.
void append_text_member(std::string& out, std::string_view key, std::string_view text);

template <class Integer>
void append_number_member(std::string& out, std::string_view key, Integer number) {
    out += key;
    append_number(out, number);
}

inline void append_milliseconds_member(std::string& out, std::string_view key, std::chrono::nanoseconds duration) {
    out += key;
    append_milliseconds(out, duration);
}

}  // namespace sluice::observability
