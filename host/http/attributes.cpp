#include "http/attributes.hpp"

#include <algorithm>

namespace sluice::http {

bool Attributes::set(std::string_view name, std::string_view value) {
    if (name.empty() || name.size() > kMaxBytes || value.size() > kMaxBytes) return false;
    auto same = std::find_if(values_.begin(), values_.end(), [&](auto& each) { return each.first == name; });
    if (same != values_.end()) {
        same->second = value;
        return true;
    }
    if (values_.size() >= kMaxCount) return false;
    values_.emplace_back(name, value);
    return true;
}

std::string_view Attributes::find(std::string_view name) const noexcept {
    auto same = std::find_if(values_.begin(), values_.end(), [&](auto& each) { return each.first == name; });
    return same == values_.end() ? std::string_view() : std::string_view(same->second);
}

}  // namespace sluice::http
