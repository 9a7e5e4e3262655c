#include "answer/shown_text.hpp"

#include <sluice/cpp/json_text.hpp>

#include <cstddef>

namespace sluice::claude_code {

namespace {

bool is_upper(char byte) noexcept { return byte >= 'A' && byte <= 'Z'; }
bool is_digit(char byte) noexcept { return byte >= '0' && byte <= '9'; }
bool is_word(char byte) noexcept {
    return is_upper(byte) || is_digit(byte) || (byte >= 'a' && byte <= 'z') || byte == '_';
}
bool is_blank(char byte) noexcept { return static_cast<unsigned char>(byte) <= 0x20 || byte == 0x7F; }
bool ends_token(char byte) noexcept {
    return is_blank(byte) || std::string_view("\"'`()<>,;[]{}").find(byte) != std::string_view::npos;
}

std::string_view trimmed(std::string_view line) noexcept {
    while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
    while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
    return line;
}

// `    at name (file:1:2)`, `Traceback ...`, `  File "x", line 1`
bool is_stack_line(std::string_view line) noexcept {
    return line.starts_with("at ") ? line.find(':') != std::string_view::npos
                                   : line.starts_with("Traceback (") || line.starts_with("File \"");
}

std::size_t token_length(std::string_view text) noexcept {
    std::size_t length = 0;
    while (length < text.size() && !ends_token(text[length])) ++length;
    return length;
}

// An address on the network, which is no path of this machine.
std::size_t url_length(std::string_view text) noexcept {
    return text.starts_with("https://") || text.starts_with("http://") ? token_length(text) : 0;
}

std::size_t path_length(std::string_view text, char before) noexcept {
    if (text.starts_with("file://")) return token_length(text);
    if (is_word(before) || before == '.' || before == '/') return 0;
    const std::size_t root = text.starts_with("~/") ? 2 : text.starts_with("/") ? 1 : 0;
    if (root == 0 || root >= text.size() || ends_token(text[root])) return 0;
    return token_length(text);
}

std::size_t assignment_length(std::string_view text, char before) noexcept {
    if (is_word(before) || text.empty() || !(is_upper(text[0]) || text[0] == '_')) return 0;
    std::size_t name = 0;
    while (name < text.size() && (is_upper(text[name]) || is_digit(text[name]) || text[name] == '_')) ++name;
    if (name < 2 || name == text.size() || text[name] != '=') return 0;
    const std::size_t value = name + 1;
    const char quote = value < text.size() ? text[value] : '\0';
    if (quote == '"' || quote == '\'') {
        const std::size_t end = text.find(quote, value + 1);
        return end == std::string_view::npos ? text.size() : end + 1;
    }
    std::size_t end = value;
    while (end < text.size() && !is_blank(text[end])) ++end;
    return end;
}

void append_shown(std::string& out, std::string_view line) {
    char before = ' ';
    for (std::size_t at = 0; at < line.size();) {
        const std::string_view rest = line.substr(at);
        std::size_t length = is_word(before) ? 0 : url_length(rest);
        if (length != 0) {
            out += rest.substr(0, length);
        } else if ((length = path_length(rest, before)) != 0) {
            out += "[path]";
        } else if ((length = assignment_length(rest, before)) != 0) {
            out += "[environment]";
        } else {
            length = 1;
            out += is_blank(rest[0]) ? ' ' : rest[0];
        }
        at += length;
        before = line[at - 1];
    }
}

void cut(std::string& text) {
    constexpr std::string_view kMore = "...";
    if (text.size() <= kShownTextLimit) return;
    text.resize(kShownTextLimit - kMore.size());
    text.resize(text.size() - utf8_unfinished(text));
    text += kMore;
}

}  // namespace

std::string shown_text(std::string_view text) {
    std::string out;
    while (!text.empty() && out.size() <= kShownTextLimit) {
        const std::size_t end = text.find('\n');
        const std::string_view line = trimmed(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.empty() || is_stack_line(line)) continue;
        if (!out.empty()) out += ' ';
        append_shown(out, line);
    }
    cut(out);
    return out;
}

}  // namespace sluice::claude_code
