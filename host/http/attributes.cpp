#include "http/attributes.hpp"

namespace sluice::http {

bool Attributes::set(std::string_view name, std::string_view value) {
    if (name.empty() || name.size() > kMaxNameBytes || value.size() > kMaxValueBytes) return false;
    for (Entry& entry : live()) {
        if (entry.name == name) {
            entry.value = value;
            return true;
        }
    }
    if (count_ == kMaxCount) return false;
    if (count_ == entries_.size()) {
        // Copied before the vector grows: the value may be another attribute's.
        entries_.push_back({std::string(name), std::string(value)});
    } else {
        entries_[count_].name = name;
        entries_[count_].value = value;
    }
    ++count_;
    return true;
}

std::string_view Attributes::find(std::string_view name) const noexcept {
    for (std::size_t index = 0; index < count_; ++index) {
        if (entries_[index].name == name) return entries_[index].value;
    }
    return {};
}

}  // namespace sluice::http
