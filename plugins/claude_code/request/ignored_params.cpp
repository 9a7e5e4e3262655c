#include "request/ignored_params.hpp"

#include <algorithm>
#include <cstddef>

namespace sluice::claude_code {
namespace {

constexpr std::size_t kMaxValueBytes = 1024;
constexpr std::size_t kMaxNameBytes = 64;

bool is_token_byte(char c) noexcept {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool is_digit = c >= '0' && c <= '9';
    return is_letter || is_digit || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

}  // namespace

void IgnoredParams::add(std::string_view name) {
    std::string token(name.substr(0, kMaxNameBytes));
    std::replace_if(
        token.begin(), token.end(), [](char c) { return !is_token_byte(c); }, '_');
    if (token.empty() || has(token) || names_.size() + token.size() >= kMaxValueBytes) return;
    if (!names_.empty()) names_ += ',';
    names_ += token;
}

bool IgnoredParams::has(std::string_view name) const noexcept {
    for (std::string_view rest = names_; !rest.empty();) {
        const std::size_t end = std::min(rest.find(','), rest.size());
        if (rest.substr(0, end) == name) return true;
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return false;
}

}  // namespace sluice::claude_code
