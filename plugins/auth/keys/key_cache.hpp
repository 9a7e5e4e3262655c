// Keys in memory, found by their whole hash.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "keys/key_hash.hpp"
#include "keys/known_key.hpp"

namespace sluice::auth {

// Bounded: when it is full, what was not looked up for longest goes. Every thread may use it; the entries are spread
// over parts with a lock each, so that all loops look up at once.
class KeyCache {
public:
    struct Entry {
        std::shared_ptr<const KnownKey> key;     // null: it is known that there is no such key
        std::chrono::nanoseconds confirmed{0};   // when the store said so; monotonic
        std::chrono::nanoseconds asks_again{0};  // not before this moment
    };

    explicit KeyCache(std::size_t max_entries);

    std::optional<Entry> find(const KeyHash& hash);
    void put(const KeyHash& hash, Entry entry);
    void erase(const KeyHash& hash);
    std::size_t size() const;

private:
    using Item = std::pair<KeyHash, Entry>;
    struct Part {
        mutable std::mutex mutex;
        std::list<Item> items;  // what was looked up last comes first
        std::unordered_map<KeyHash, std::list<Item>::iterator, KeyHashIndex> index;
    };

    Part& part_of(const KeyHash& hash) noexcept { return parts_[hash.back() % parts_.size()]; }

    std::size_t max_of_part_;
    std::vector<Part> parts_;
};

}  // namespace sluice::auth
