#include "observability/record_text.hpp"

#include "observability/json_text.hpp"

#include <algorithm>
#include <cstdint>

namespace sluice::observability {

void append_milliseconds(std::string& out, std::chrono::nanoseconds duration) {
    const auto microseconds = std::max<std::int64_t>(duration.count(), 0) / 1000;
    const auto rest = microseconds % 1000;
    append_number(out, microseconds / 1000);
    const char decimals[] = {'.', static_cast<char>('0' + rest / 100), static_cast<char>('0' + rest / 10 % 10),
                             static_cast<char>('0' + rest % 10)};
    out.append(decimals, sizeof decimals);
}

void append_word(std::string& out, std::string_view before, std::string_view text) {
    if (text.empty()) return;
    out += before;
    append_plain_text(out, text);
}

void append_text_member(std::string& out, std::string_view key, std::string_view text) {
    if (!text.empty()) {
        out += key;
        append_json_string(out, text);
    }
}

}  // namespace sluice::observability
