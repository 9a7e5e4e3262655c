// The last thing the user said, read from the body of a chat request without a JSON library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {
inline namespace v1 {

// Walks over JSON text. Judges no more than it needs to find its way, and reads nothing outside the text, whatever that
// is; a step that cannot be made returns false.
class JsonCursor {
public:
    explicit JsonCursor(std::string_view text) noexcept : text_(text) {}

    // Takes `expected` if it comes next after blanks.
    bool take(char expected) noexcept {
        skip_blanks();
        if (position_ == text_.size() || text_[position_] != expected) {
            return false;
        }
        ++position_;
        return true;
    }
    // What comes next after blanks; 0 at the end.
    char peek() noexcept {
        skip_blanks();
        return position_ == text_.size() ? '\0' : text_[position_];
    }
    // Steps over one string; `raw` is what stands between its quotes, escapes untouched.
    bool take_string(std::string_view& raw) noexcept {
        if (!take('"')) {
            return false;
        }
        const std::size_t start = position_;
        while (position_ < text_.size() && text_[position_] != '"') {
            position_ += text_[position_] == '\\' ? 2 : 1;
        }
        if (position_ >= text_.size()) {
            position_ = text_.size();
            return false;
        }
        raw = text_.substr(start, position_ - start);
        ++position_;
        return true;
    }
    // Steps over one value of any kind; `raw` is its text.
    bool take_value(std::string_view& raw) noexcept {
        peek();
        const std::size_t start = position_;
        std::size_t depth = 0;
        do {
            if (!take_token(depth)) {
                return false;
            }
        } while (depth > 0);
        raw = text_.substr(start, position_ - start);
        return true;
    }

private:
    void skip_blanks() noexcept {
        while (position_ < text_.size() &&
               std::string_view(" \t\r\n").find(text_[position_]) != std::string_view::npos) {
            ++position_;
        }
    }
    bool take_token(std::size_t& depth) noexcept {
        const char next = peek();
        if (next == '"') {
            std::string_view ignored;
            return take_string(ignored);
        }
        if (next == '{' || next == '[') {
            ++depth;
            ++position_;
            return true;
        }
        const bool is_closing = next == '}' || next == ']';
        const bool is_separator = next == ',' || next == ':';
        if (is_closing || is_separator) {
            if (depth == 0) {
                return false;
            }
            depth -= is_closing ? 1 : 0;
            ++position_;
            return true;
        }
        return take_word();
    }
    bool take_word() noexcept {
        const std::size_t end = text_.find_first_of(" \t\r\n,:]}\"[{", position_);
        const bool is_empty = position_ == text_.size() || end == position_;
        position_ = end == std::string_view::npos ? text_.size() : end;
        return !is_empty;
    }

    std::string_view text_;
    std::size_t position_ = 0;
};

// Calls `visit(key, value)`, both as they stand, for each member of the object `json`. False if it is no object.
template <class Visit>
bool visit_json_object(std::string_view json, Visit visit) {
    JsonCursor cursor(json);
    if (!cursor.take('{')) {
        return false;
    }
    if (cursor.take('}')) {
        return true;
    }
    do {
        std::string_view key;
        std::string_view value;
        if (!cursor.take_string(key) || !cursor.take(':') || !cursor.take_value(value)) {
            return false;
        }
        visit(key, value);
    } while (cursor.take(','));
    return cursor.take('}');
}

// Calls `visit(value)`, as it stands, for each element of the array `json`. False if it is no array.
template <class Visit>
bool visit_json_array(std::string_view json, Visit visit) {
    JsonCursor cursor(json);
    if (!cursor.take('[')) {
        return false;
    }
    if (cursor.take(']')) {
        return true;
    }
    do {
        std::string_view value;
        if (!cursor.take_value(value)) {
            return false;
        }
        visit(value);
    } while (cursor.take(','));
    return cursor.take(']');
}

// The four hexadecimal digits at `position`, or nothing.
inline std::optional<std::uint32_t> read_json_hex(std::string_view text, std::size_t position) noexcept {
    if (text.size() < 4 || position > text.size() - 4) {
        return std::nullopt;
    }
    std::uint32_t value = 0;
    for (const char digit : text.substr(position, 4)) {
        const char lower = static_cast<char>(digit | 0x20);
        if (digit >= '0' && digit <= '9') {
            value = value * 16 + static_cast<std::uint32_t>(digit - '0');
        } else if (lower >= 'a' && lower <= 'f') {
            value = value * 16 + static_cast<std::uint32_t>(lower - 'a' + 10);
        } else {
            return std::nullopt;
        }
    }
    return value;
}

inline void append_utf8(std::string& out, std::uint32_t code_point) {
    const auto add = [&out](std::uint32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
    if (code_point < 0x80) {
        add(code_point);
    } else if (code_point < 0x800) {
        add(0xC0 | (code_point >> 6));
        add(0x80 | (code_point & 0x3F));
    } else if (code_point < 0x10000) {
        add(0xE0 | (code_point >> 12));
        add(0x80 | ((code_point >> 6) & 0x3F));
        add(0x80 | (code_point & 0x3F));
    } else {
        add(0xF0 | (code_point >> 18));
        add(0x80 | ((code_point >> 12) & 0x3F));
        add(0x80 | ((code_point >> 6) & 0x3F));
        add(0x80 | (code_point & 0x3F));
    }
}

// Decodes the escape \uXXXX whose digits are at `position`, together with the second half of a surrogate pair, and
// returns the position behind it. Half a pair becomes U+FFFD.
inline std::size_t append_json_unicode(std::string& out, std::string_view raw, std::size_t position) {
    constexpr std::uint32_t kReplacement = 0xFFFD;
    const std::optional<std::uint32_t> first = read_json_hex(raw, position);
    if (!first) {
        append_utf8(out, kReplacement);
        return position;
    }
    position += 4;
    if (*first < 0xD800 || *first > 0xDFFF) {
        append_utf8(out, *first);
        return position;
    }
    const bool may_pair = *first <= 0xDBFF && raw.substr(position, 2) == "\\u";
    const std::optional<std::uint32_t> second = may_pair ? read_json_hex(raw, position + 2) : std::nullopt;
    if (!second || *second < 0xDC00 || *second > 0xDFFF) {
        append_utf8(out, kReplacement);
        return position;
    }
    append_utf8(out, 0x10000 + ((*first - 0xD800) << 10) + (*second - 0xDC00));
    return position + 6;
}

// The text of a JSON string, given what stands between its quotes.
inline std::string decode_json_string(std::string_view raw) {
    std::string text;
    text.reserve(raw.size());
    std::size_t position = 0;
    while (position < raw.size()) {
        const char byte = raw[position++];
        if (byte != '\\' || position == raw.size()) {
            text += byte;
            continue;
        }
        const char escape = raw[position++];
        switch (escape) {
            case 'b': text += '\b'; break;
            case 'f': text += '\f'; break;
            case 'n': text += '\n'; break;
            case 'r': text += '\r'; break;
            case 't': text += '\t'; break;
            case 'u': position = append_json_unicode(text, raw, position); break;
            default: text += escape; break;
        }
    }
    return text;
}

// The text of `value` if it is a JSON string.
inline std::optional<std::string> json_string(std::string_view value) {
    std::string_view raw;
    if (JsonCursor cursor(value); !cursor.take_string(raw)) {
        return std::nullopt;
    }
    return decode_json_string(raw);
}

// The text of a message's `content`: a string, or the texts of its parts, one a line.
inline std::optional<std::string> content_text(std::string_view content) {
    if (std::optional<std::string> text = json_string(content)) {
        return text;
    }
    std::optional<std::string> joined;
    visit_json_array(content, [&joined](std::string_view part) {
        std::optional<std::string> type;
        std::optional<std::string> text;
        visit_json_object(part, [&](std::string_view key, std::string_view value) {
            const std::string name = decode_json_string(key);
            if (name == "type") {
                type = json_string(value);
            } else if (name == "text") {
                text = json_string(value);
            }
        });
        if (type == "text" && text) {
            joined = joined ? *joined + "\n" + *text : *text;
        }
    });
    return joined;
}

// The text of the last message of role "user" in the body of a chat request; nothing where there is no such message, or
// no text in it.
inline std::optional<std::string> last_user_text(std::string_view body) {
    std::string_view messages;
    visit_json_object(body, [&messages](std::string_view key, std::string_view value) {
        if (decode_json_string(key) == "messages") {
            messages = value;
        }
    });
    std::string_view last_content;
    visit_json_array(messages, [&last_content](std::string_view message) {
        std::optional<std::string> role;
        std::string_view content;
        visit_json_object(message, [&](std::string_view key, std::string_view value) {
            const std::string name = decode_json_string(key);
            if (name == "role") {
                role = json_string(value);
            } else if (name == "content") {
                content = value;
            }
        });
        if (role == "user") {
            last_content = content;
        }
    });
    return content_text(last_content);
}

}  // namespace v1
}  // namespace sluice
