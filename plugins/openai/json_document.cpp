#include "json_document.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace sluice::openai {
namespace {

namespace dom = simdjson::dom;

// Shorter numbers fit a double in any case.
constexpr std::size_t kMaxPlainNumber = 15;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_number_byte(char c) { return is_digit(c) || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'; }

// One or more digits from `at` on.
bool skip_digits(std::string_view text, std::size_t& at) {
    const std::size_t from = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at > from;
}

// RFC 8259, 6.
bool is_json_number(std::string_view text) {
    std::size_t at = text.starts_with('-') ? 1 : 0;
    const std::size_t integer = at;
    if (!skip_digits(text, at)) return false;
    if (text[integer] == '0' && at > integer + 1) return false;
    if (at < text.size() && text[at] == '.' && !skip_digits(text, ++at)) return false;
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        ++at;
        if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
        if (!skip_digits(text, at)) return false;
    }
    return at == text.size();
}

std::size_t end_of_string(std::string_view text, std::size_t at) {
    for (++at; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] == '\\') ++at;
    }
    return std::min(at + 1, text.size());
}

// Numbers that may be out of a machine's range become 0, with blanks behind; malformed ones stay what they are.
void shorten_numbers(std::string& text) {
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] == '"') {
            at = end_of_string(text, at);
            continue;
        }
        std::size_t end = at;
        while (end < text.size() && is_number_byte(text[end])) ++end;
        const std::string_view number(text.data() + at, end - at);
        const bool may_be_large = number.size() > kMaxPlainNumber || number.find_first_of("eE") != std::string_view::npos;
        if (may_be_large && is_json_number(number)) text.replace(at, number.size(), "0" + std::string(number.size() - 1, ' '));
        at = std::max(end, at + 1);
    }
}

}  // namespace

bool parse_json(dom::parser& parser, std::span<const char> text, dom::element& root) {
    const simdjson::error_code error = parser.parse(text.data(), text.size(), false).get(root);
    if (error == simdjson::SUCCESS) return true;
    if (error != simdjson::NUMBER_ERROR) return false;
    // simdjson refuses integers beyond 64 bits and numbers beyond a double, which JSON allows.
    std::string copy(text.data(), text.size());
    shorten_numbers(copy);
    return parser.parse(copy).get(root) == simdjson::SUCCESS;
}

}  // namespace sluice::openai
