#include "identity/authorization.hpp"

#include <algorithm>

#include "sluice/cpp/text.hpp"

namespace sluice::auth {
namespace {

constexpr std::string_view kScheme = "Bearer";

bool is_blank(char letter) noexcept { return letter == ' ' || letter == '\t'; }

std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

}  // namespace

bool is_key_text(std::string_view text) noexcept {
    const auto is_printable = [](char letter) { return letter > ' ' && letter < 0x7F; };
    return !text.empty() && text.size() <= kMaxKeyBytes && std::all_of(text.begin(), text.end(), is_printable);
}

Authorization read_authorization_value(std::string_view value) noexcept {
    using Kind = Authorization::Kind;
    const std::string_view text = trimmed(value);
    const auto end_of_scheme =
        static_cast<std::size_t>(std::find_if(text.begin(), text.end(), is_blank) - text.begin());
    if (text.empty()) return {Kind::kMissing, {}, 0};
    if (!equals_ignoring_case(text.substr(0, end_of_scheme), kScheme)) return {Kind::kOtherScheme, {}, 0};
    const std::string_view key = trimmed(text.substr(end_of_scheme));
    if (key.empty()) return {Kind::kMissing, {}, 0};
    if (key.size() > kMaxKeyBytes) return {Kind::kTooLong, {}, key.size()};
    if (!is_key_text(key)) return {Kind::kNotPrintable, {}, 0};
    return {Kind::kKey, key, 0};
}

Authorization read_authorization(Headers headers) noexcept {
    std::string_view value;
    std::size_t count = 0;
    for (const sluice_header& header : headers) {
        if (!equals_ignoring_case(to_view(header.name), "authorization")) continue;
        value = to_view(header.value);
        ++count;
    }
    if (count > 1) return {Authorization::Kind::kSeveral, {}, count};
    return read_authorization_value(value);
}

}  // namespace sluice::auth
