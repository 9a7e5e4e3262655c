#include "request/readable_json.hpp"

#include <simdjson.h>
#include <sluice/cpp/parsable_json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace sluice::claude_code {
namespace {

constexpr std::string_view kNumberBytes = "0123456789+-.eE";

std::size_t end_of_string(std::string_view json, std::size_t at) {
    for (++at; at < json.size() && json[at] != '"';) at += json[at] == '\\' ? 2 : 1;
    return std::min(at + 1, json.size());
}

void append_nearest(std::string& out, std::string_view number) {
    double value = 0;
    const auto read = std::from_chars(number.data(), number.data() + number.size(), value);
    if (read.ec == std::errc::result_out_of_range) {
        const bool is_tiny = number.find("e-") != number.npos || number.find("E-") != number.npos;
        value = is_tiny ? 0 : std::copysign(std::numeric_limits<double>::max(), number.front() == '-' ? -1.0 : 1.0);
    }
    std::array<char, 32> text{};
    // In scientific form it stays a double, whatever its size.
    const auto written = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific);
    out.append(text.data(), written.ptr);
}

}  // namespace

std::string readable_json(std::string_view json) {
    // Its strings can be read, and where it differs in a number, that number is the one to be rounded.
    const std::string checked = parsable_json(json);
    std::string out;
    out.reserve(checked.size() + simdjson::SIMDJSON_PADDING);
    for (std::size_t at = 0; at < checked.size();) {
        if (checked[at] == '"') {
            const std::size_t end = end_of_string(checked, at);
            out.append(checked, at, end - at);
            at = end;
            continue;
        }
        const std::size_t end = std::min(json.find_first_not_of(kNumberBytes, at), json.size());
        if (end == at) {
            out += checked[at++];
            continue;
        }
        const std::string_view number = json.substr(at, end - at);
        const bool is_readable = number == std::string_view(checked).substr(at, end - at);
        if (is_readable) {
            out += number;
        } else {
            append_nearest(out, number);
        }
        at = end;
    }
    out.reserve(out.size() + simdjson::SIMDJSON_PADDING);
    return out;
}

}  // namespace sluice::claude_code
