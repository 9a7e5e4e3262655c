#include "process/delta_line.hpp"

#include <simdjson.h>

#include <charconv>
#include <cstddef>
#include <cstdint>

namespace sluice::claude_code {

namespace {

bool skip(std::string_view& rest, std::string_view expected) noexcept {
    if (!rest.starts_with(expected)) return false;
    rest.remove_prefix(expected.size());
    return true;
}

bool read_index(std::string_view& rest, std::uint32_t& index) noexcept {
    const auto [end, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), index);
    if (problem != std::errc()) return false;
    const auto length = static_cast<std::size_t>(end - rest.data());
    // JSON has no leading zeros.
    if (length > 1 && rest[0] == '0') return false;
    rest.remove_prefix(length);
    return true;
}

bool read_delta_type(std::string_view& rest, RecordKind& kind) noexcept {
    if (skip(rest, "text_delta\",\"text\":\"")) {
        kind = RecordKind::kTextDelta;
    } else if (skip(rest, "input_json_delta\",\"partial_json\":\"")) {
        kind = RecordKind::kToolInputDelta;
    } else if (skip(rest, "thinking_delta\",\"thinking\":\"")) {
        kind = RecordKind::kThinkingDelta;
    } else {
        return false;
    }
    return true;
}

// 0: none of the short escapes.
char meaning_of_escape(char letter) noexcept {
    switch (letter) {
        case '"':
        case '\\':
        case '/': return letter;
        case 'n': return '\n';
        case 't': return '\t';
        case 'r': return '\r';
        case 'b': return '\b';
        case 'f': return '\f';
        default: return 0;
    }
}

// The first byte that does not simply stand for itself.
std::size_t plain_length(std::string_view text, unsigned char& seen) noexcept {
    std::size_t at = 0;
    for (; at < text.size(); ++at) {
        const auto byte = static_cast<unsigned char>(text[at]);
        if (byte == '"' || byte == '\\' || byte < 0x20) break;
        seen |= byte;
    }
    return at;
}

// The string whose first quote has been read.
bool read_string(std::string_view& rest, std::string& unescaped, std::string_view& value) {
    unsigned char seen = 0;
    std::size_t length = plain_length(rest, seen);
    if (length == rest.size()) return false;
    value = rest.substr(0, length);
    if (rest[length] == '\\') {
        unescaped.assign(value);
        while (rest[length] == '\\') {
            const char meaning = length + 1 < rest.size() ? meaning_of_escape(rest[length + 1]) : '\0';
            if (meaning == 0) return false;
            unescaped += meaning;
            rest.remove_prefix(length + 2);
            length = plain_length(rest, seen);
            if (length == rest.size()) return false;
            unescaped += rest.substr(0, length);
        }
        value = unescaped;
    }
    if (rest[length] != '"') return false;
    rest.remove_prefix(length + 1);
    return seen < 0x80 || simdjson::validate_utf8(value.data(), value.size());
}

bool skip_id(std::string_view& rest) noexcept {
    std::size_t at = 0;
    while (at < rest.size() &&
           ((rest[at] >= '0' && rest[at] <= '9') || (rest[at] >= 'a' && rest[at] <= 'f') || rest[at] == '-')) {
        ++at;
    }
    rest.remove_prefix(at);
    return skip(rest, "\"");
}

}  // namespace

bool read_delta_line(std::string_view line, std::string& unescaped, CliRecord& record) {
    std::string_view rest = line;
    CliRecord read;
    const bool is_delta = skip(rest, R"({"type":"stream_event","event":{"type":"content_block_delta","index":)") &&
                          read_index(rest, read.block_index) && skip(rest, R"(,"delta":{"type":")") &&
                          read_delta_type(rest, read.kind) && read_string(rest, unescaped, read.text) &&
                          skip(rest, R"(}},"session_id":")") && skip_id(rest) &&
                          skip(rest, R"(,"parent_tool_use_id":null,"uuid":")") && skip_id(rest) && rest == "}";
    if (is_delta) record = read;
    return is_delta;
}

}  // namespace sluice::claude_code
