#include "keys/key_cache.hpp"

#include <algorithm>

namespace sluice::auth {
namespace {

constexpr std::size_t kMaxParts = 64;
constexpr std::size_t kSmallestPart = 256;

std::size_t part_count(std::size_t max_entries) {
    return std::clamp<std::size_t>(max_entries / kSmallestPart, 1, kMaxParts);
}

}  // namespace

KeyCache::KeyCache(std::size_t max_entries)
    : max_of_part_(std::max<std::size_t>(max_entries / part_count(max_entries), 1)), parts_(part_count(max_entries)) {}

std::optional<KeyCache::Entry> KeyCache::find(const KeyHash& hash) {
    Part& part = part_of(hash);
    const std::lock_guard<std::mutex> lock(part.mutex);
    const auto found = part.index.find(hash);
    if (found == part.index.end()) return std::nullopt;
    part.items.splice(part.items.begin(), part.items, found->second);
    return found->second->second;
}

void KeyCache::put(const KeyHash& hash, Entry entry) {
    Part& part = part_of(hash);
    const std::lock_guard<std::mutex> lock(part.mutex);
    const auto found = part.index.find(hash);
    if (found != part.index.end()) {
        found->second->second = std::move(entry);
        return;
    }
    if (part.items.size() >= max_of_part_) {
        part.index.erase(part.items.back().first);
        part.items.pop_back();
    }
    part.items.emplace_front(hash, std::move(entry));
    part.index[hash] = part.items.begin();
}

void KeyCache::erase(const KeyHash& hash) {
    Part& part = part_of(hash);
    const std::lock_guard<std::mutex> lock(part.mutex);
    const auto found = part.index.find(hash);
    if (found == part.index.end()) return;
    part.items.erase(found->second);
    part.index.erase(found);
}

std::size_t KeyCache::size() const {
    std::size_t count = 0;
    for (const Part& part : parts_) {
        const std::lock_guard<std::mutex> lock(part.mutex);
        count += part.items.size();
    }
    return count;
}

}  // namespace sluice::auth
