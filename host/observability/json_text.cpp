#include "observability/json_text.hpp"

#include "observability/utf8.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace sluice::observability {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

constexpr std::uint8_t byte_at(std::string_view text, std::size_t index) {
    return static_cast<std::uint8_t>(text[index]);
}

// Bytes that need no thought inside a JSON string.
constexpr std::array<bool, 256> kIsPlain = [] {
    std::array<bool, 256> table{};
    for (std::size_t byte = 0x20; byte < 0x80; ++byte) {
        table[byte] = byte != '"' && byte != '\\' && byte != 0x7F;
    }
    return table;
}();

void append_escaped(std::string& out, std::uint8_t byte) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    switch (byte) {
        case '"': out += "\\\""; return;
        case '\\': out += "\\\\"; return;
        case '\b': out += "\\b"; return;
        case '\f': out += "\\f"; return;
        case '\n': out += "\\n"; return;
        case '\r': out += "\\r"; return;
        case '\t': out += "\\t"; return;
        default:
            out += "\\u00";
            out += kDigits[byte >> 4];
            out += kDigits[byte & 0xF];
    }
}

void append_checked(std::string& out, std::string_view text, bool escapes_quotes) {
    std::size_t index = 0;
    while (index < text.size()) {
        const auto* begin = text.data() + index;
        const auto* end = std::find_if(begin, text.data() + text.size(),
                                       [](char byte) { return !kIsPlain[static_cast<std::uint8_t>(byte)]; });
        out.append(begin, end);
        index += static_cast<std::size_t>(end - begin);
        if (index == text.size()) {
            return;
        }
        const std::uint8_t byte = byte_at(text, index);
        if (byte >= 0x80) {
            const Utf8Sequence sequence = utf8_sequence_at(text, index);
            // C1 control characters move a terminal's cursor as C0 ones do.
            const bool is_c1 = sequence.is_valid && byte == 0xC2 && byte_at(text, index + 1) < 0xA0;
            if (is_c1) {
                append_escaped(out, byte_at(text, index + 1));
            } else {
                out += sequence.is_valid ? text.substr(index, sequence.length) : kReplacement;
            }
            index += sequence.length;
            continue;
        }
        if (!escapes_quotes && (byte == '"' || byte == '\\')) {
            out += static_cast<char>(byte);
        } else {
            append_escaped(out, byte);
        }
        ++index;
    }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    append_checked(out, text, true);
    out += '"';
}

void append_plain_text(std::string& out, std::string_view text) { append_checked(out, text, false); }

}  // namespace sluice::observability
