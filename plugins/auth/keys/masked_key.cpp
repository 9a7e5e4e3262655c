#include "keys/masked_key.hpp"

#include <cstddef>

namespace sluice::auth {
namespace {

constexpr std::size_t kShortest = 20;

std::string_view prefix_of(std::string_view key) {
    for (const std::string_view prefix : {"sk-slc-", "sk-"}) {
        if (key.substr(0, prefix.size()) == prefix) return prefix;
    }
    return {};
}

}  // namespace

std::string masked(std::string_view key) {
    if (key.size() < kShortest) return "***";
    return std::string(prefix_of(key)) + "..." + std::string(key.substr(key.size() - 4));
}

std::string masked_if_key(std::string_view sent) { return prefix_of(sent).empty() ? "***" : masked(sent); }

}  // namespace sluice::auth
