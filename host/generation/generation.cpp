#include "generation/generation.hpp"

namespace sluice::generation {

void CurrentGeneration::replace(std::shared_ptr<const Generation> next) {
    std::lock_guard lock(mutex_);
    generation_.swap(next);
    ++version_;
}

std::shared_ptr<const Generation> CurrentGeneration::get() const {
    std::lock_guard lock(mutex_);
    return generation_;
}

bool CurrentGeneration::update(std::shared_ptr<const Generation>& copy, std::uint64_t& seen_version) const {
    if (version_.load(std::memory_order_acquire) == seen_version) return false;
    std::lock_guard lock(mutex_);
    copy = generation_;
    seen_version = version_.load();
    return copy != nullptr;
}

}  // namespace sluice::generation
