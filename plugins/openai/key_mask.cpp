#include "key_mask.hpp"

#include <algorithm>
#include <cstring>

namespace sluice::openai {
namespace {

// Lower is rarer in JSON with English text or source code.
int commonness(char c) {
    constexpr std::string_view kLowerByFrequency = "qzjxkvbwgypfmcudlhrsnioate";
    const auto at = kLowerByFrequency.find(c);
    if (at != std::string_view::npos) return 60 + static_cast<int>(at);
    if (c >= 'A' && c <= 'Z') return c == 'Q' || c == 'X' || c == 'Z' || c == 'J' ? 0 : 10;
    if ((c >= '0' && c <= '9') || c == '_' || c == '.' || c == '"') return 90;
    return c == '-' || c == '/' ? 70 : 20;
}

}  // namespace

void KeyMask::add(std::string_view secret) {
    if (secret.size() < kMinSecretBytes || secret.size() > kMaxSecretBytes) return;
    add_needle(std::string(secret));
    std::string escaped;
    for (const char c : secret) {
        if (c == '/' || c == '"' || c == '\\') escaped.push_back('\\');
        escaped.push_back(c);
    }
    if (escaped.size() != secret.size()) add_needle(std::move(escaped));
}

void KeyMask::apply(std::span<char> bytes) const noexcept {
    for (const Needle& needle : needles_) apply(needle, bytes);
}

std::size_t KeyMask::open_tail(std::span<const char> bytes) const noexcept {
    std::size_t longest_tail = 0;
    for (const Needle& needle : needles_) {
        std::size_t length = std::min(needle.text.size() - 1, bytes.size());
        for (; length > longest_tail; --length) {
            if (std::memcmp(bytes.data() + bytes.size() - length, needle.text.data(), length) == 0) break;
        }
        longest_tail = std::max(longest_tail, length);
    }
    return longest_tail;
}

void KeyMask::apply(const Needle& needle, std::span<char> bytes) noexcept {
    const std::size_t size = needle.text.size();
    if (bytes.size() < size) return;
    const char anchor = needle.text[needle.anchor];
    char* at = bytes.data() + needle.anchor;
    char* const end = bytes.data() + bytes.size() - (size - needle.anchor) + 1;
    while (at < end) {
        at = static_cast<char*>(std::memchr(at, anchor, static_cast<std::size_t>(end - at)));
        if (at == nullptr) return;
        char* const start = at - needle.anchor;
        if (start[0] != needle.text[0] || std::memcmp(start, needle.text.data(), size) != 0) {
            ++at;
            continue;
        }
        std::memset(start, '*', size);
        at = start + size + needle.anchor;
    }
}

void KeyMask::add_needle(std::string text) {
    const auto rarest =
        std::min_element(text.begin(), text.end(), [](char a, char b) { return commonness(a) < commonness(b); });
    const auto anchor = static_cast<std::size_t>(rarest - text.begin());
    longest_ = std::max(longest_, text.size());
    needles_.push_back({std::move(text), anchor});
}

}  // namespace sluice::openai
