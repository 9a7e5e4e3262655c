#include "store/memory_shard.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <limits>

namespace sluice::store {
namespace {

// How many of those that were not used for longest are looked at after each change, whether they have expired.
constexpr int kSweptAtOnce = 2;

// What the allocator adds to a block, and rounds it up to (glibc, malloc/malloc.c: MALLOC_ALIGNMENT).
std::size_t block_bytes(std::size_t bytes) noexcept { return bytes == 0 ? 0 : (bytes + 8 + 15) / 16 * 16; }

std::size_t heap_bytes(const std::string& text) noexcept {
    static const std::size_t inside = std::string().capacity();
    return text.capacity() > inside ? block_bytes(text.capacity() + 1) : 0;
}

// A node of the map with its link, its stored hash, and its share of the buckets, which a map doubles.
template <class Map>
constexpr std::size_t kNodeBytes = sizeof(typename Map::value_type) + 2 * sizeof(void*) + 2 * sizeof(void*);

std::array<unsigned char, crypto_shorthash_KEYBYTES> random_hash_key() {
    std::array<unsigned char, crypto_shorthash_KEYBYTES> key{};
    if (sodium_init() >= 0) crypto_shorthash_keygen(key.data());
    return key;
}

}  // namespace

std::uint64_t key_hash(std::string_view key) noexcept {
    static const auto hash_key = random_hash_key();
    std::uint64_t hash = 0;
    static_assert(sizeof hash == crypto_shorthash_BYTES);
    crypto_shorthash(reinterpret_cast<unsigned char*>(&hash), reinterpret_cast<const unsigned char*>(key.data()),
                     key.size(), hash_key.data());
    return hash;
}

const std::string* MemoryShard::find(const HashedKey& key, std::uint64_t now_us) {
    ValueEntry* entry = live_value(key, now_us);
    if (entry == nullptr) return nullptr;
    use(*entry);
    return &entry->text;
}

bool MemoryShard::put(const HashedKey& key, std::string_view value, std::uint64_t expires_us, std::uint64_t now_us) {
    constexpr std::size_t node = kNodeBytes<Map<ValueEntry>>;
    if (block_bytes(key.text.size()) + block_bytes(value.size()) + node > max_bytes_) return false;
    const auto found = values_.find(key);
    ValueEntry& entry = found != values_.end() ? found->second : make(values_, key);
    // A shorter text gives memory back, rather than keep the capacity of a longer one.
    entry.text = std::string(value);
    entry.expires_us = expires_us;
    count(entry, heap_bytes(entry.text));
    use(entry);
    make_room(entry, now_us);
    return true;
}

bool MemoryShard::replace(const HashedKey& key, std::string_view value, std::uint64_t now_us) {
    const ValueEntry* entry = live_value(key, now_us);
    return put(key, value, entry == nullptr ? 0 : entry->expires_us, now_us);
}

void MemoryShard::remove(const HashedKey& key) {
    const auto found = values_.find(key);
    if (found != values_.end()) forget(found->second);
}

void MemoryShard::for_each(
    std::uint64_t now_us,
    const std::function<void(std::uint64_t, const std::string&, const std::string&)>& each) const {
    for (const auto& [key, entry] : values_) {
        if (!is_expired(entry, now_us)) each(key_hash(key), key, entry.text);
    }
}

bool MemoryShard::is_expired(const Entry& entry, std::uint64_t now_us) noexcept {
    if (entry.is_quota) return static_cast<const QuotaEntry&>(entry).slots.last_expiry_us() <= now_us;
    const std::uint64_t expires_us = static_cast<const ValueEntry&>(entry).expires_us;
    return expires_us != 0 && expires_us <= now_us;
}

MemoryShard::ValueEntry* MemoryShard::live_value(const HashedKey& key, std::uint64_t now_us) {
    const auto found = values_.find(key);
    if (found == values_.end()) return nullptr;
    if (!is_expired(found->second, now_us)) return &found->second;
    forget(found->second);
    return nullptr;
}

MemoryShard::ValueEntry& MemoryShard::make(Map<ValueEntry>& map, const HashedKey& key) {
    const auto made = map.try_emplace(std::string(key.text)).first;
    made->second.key = &made->first;
    link(made->second);
    return made->second;
}

MemoryShard::QuotaEntry& MemoryShard::make(Map<QuotaEntry>& map, const HashedKey& key) {
    const auto made = map.try_emplace(std::string(key.text)).first;
    made->second.key = &made->first;
    made->second.is_quota = true;
    link(made->second);
    return made->second;
}

void MemoryShard::settle(QuotaEntry& entry, std::uint64_t now_us) {
    if (entry.slots.is_empty()) return forget(entry);
    count(entry, block_bytes(entry.slots.heap_bytes()));
    use(entry);
    make_room(entry, now_us);
}

void MemoryShard::use(Entry& entry) noexcept {
    if (newest_ == &entry) return;
    unlink(entry);
    link(entry);
}

void MemoryShard::link(Entry& entry) noexcept {
    entry.older = newest_;
    entry.newer = nullptr;
    (newest_ == nullptr ? oldest_ : newest_->newer) = &entry;
    newest_ = &entry;
}

void MemoryShard::unlink(Entry& entry) noexcept {
    (entry.older == nullptr ? oldest_ : entry.older->newer) = entry.newer;
    (entry.newer == nullptr ? newest_ : entry.newer->older) = entry.older;
}

void MemoryShard::count(Entry& entry, std::size_t own_heap_bytes) noexcept {
    const std::size_t node = entry.is_quota ? kNodeBytes<Map<QuotaEntry>> : kNodeBytes<Map<ValueEntry>>;
    const std::size_t bytes = block_bytes(node) + heap_bytes(*entry.key) + own_heap_bytes;
    held_bytes_ += bytes - entry.bytes;
    entry.bytes = static_cast<std::uint32_t>(std::min<std::size_t>(bytes, std::numeric_limits<std::uint32_t>::max()));
}

void MemoryShard::forget(Entry& entry) {
    unlink(entry);
    held_bytes_ -= entry.bytes;
    // By iterator: the key that would be looked for dies with the entry.
    if (entry.is_quota) {
        quotas_.erase(quotas_.find(HashedKey(*entry.key)));
    } else {
        values_.erase(values_.find(HashedKey(*entry.key)));
    }
}

void MemoryShard::make_room(const Entry& kept, std::uint64_t now_us) {
    for (int swept = 0; swept < kSweptAtOnce && oldest_ != &kept && is_expired(*oldest_, now_us); ++swept) {
        forget(*oldest_);
    }
    while (held_bytes_ > max_bytes_ && oldest_ != &kept) forget(*oldest_);
}

}  // namespace sluice::store
