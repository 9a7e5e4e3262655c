#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "store/quota_slots.hpp"

namespace sluice::store {

/// The hash of a key. Keyed at random for each process: who chooses keys cannot make them fall together.
std::uint64_t key_hash(std::string_view key) noexcept;

/// A key whose hash is known, borrowed.
struct HashedKey {
    explicit HashedKey(std::string_view key) noexcept : text(key), hash(key_hash(key)) {}

    std::string_view text;
    std::uint64_t hash;
};

/// One of the parts a namespace in memory is divided into, each with a lock of its own. All functions but the
/// constructor need `mutex` to be held; what they return is valid while it is.
class MemoryShard {
public:
    std::mutex mutex;

    /// Before anything is put.
    void set_max_bytes(std::size_t max_bytes) noexcept { max_bytes_ = max_bytes; }
    std::size_t held_bytes() const noexcept { return held_bytes_; }

    /// The text under `key` at `now_us`, or null. Counts as use.
    const std::string* find(const HashedKey& key, std::uint64_t now_us);
    /// False, with nothing changed, if the value alone is beyond the shard's bound.
    bool put(const HashedKey& key, std::string_view value, std::uint64_t expires_us, std::uint64_t now_us);
    /// As put(), but leaves the time of expiry of what is there.
    bool replace(const HashedKey& key, std::string_view value, std::uint64_t now_us);
    void remove(const HashedKey& key);

    enum class IfAbsent { kMake, kLeave };
    /// Runs `work(slots)` on the quota under `key`; where there is none, on a new one or not at all. Counts as use.
    template <class Work>
    void change_quota(const HashedKey& key, std::uint64_t now_us, IfAbsent if_absent, Work&& work) {
        const auto found = quotas_.find(key);
        if (found == quotas_.end() && if_absent == IfAbsent::kLeave) return;
        QuotaEntry& entry = found != quotas_.end() ? found->second : make(quotas_, key);
        work(entry.slots);
        settle(entry, now_us);
    }

    /// Calls `each(hash, key, value)` for every value, in no order.
    void for_each(std::uint64_t now_us,
                  const std::function<void(std::uint64_t, const std::string&, const std::string&)>& each) const;

private:
    /// What every entry has: its place in the order of use.
    struct Entry {
        Entry* older = nullptr;
        Entry* newer = nullptr;
        const std::string* key = nullptr;
        std::uint32_t bytes = 0;
        bool is_quota = false;
    };
    struct ValueEntry : Entry {
        std::string text;
        std::uint64_t expires_us = 0;
    };
    struct QuotaEntry : Entry {
        QuotaSlots slots;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(const std::string& key) const noexcept { return key_hash(key); }
        std::size_t operator()(const HashedKey& key) const noexcept { return key.hash; }
    };
    struct Equal {
        using is_transparent = void;
        bool operator()(const std::string& a, const std::string& b) const noexcept { return a == b; }
        bool operator()(const HashedKey& a, const std::string& b) const noexcept { return a.text == b; }
    };
    template <class Kept>
    using Map = std::unordered_map<std::string, Kept, Hash, Equal>;

    static bool is_expired(const Entry& entry, std::uint64_t now_us) noexcept;
    ValueEntry* live_value(const HashedKey& key, std::uint64_t now_us);
    ValueEntry& make(Map<ValueEntry>& map, const HashedKey& key);
    QuotaEntry& make(Map<QuotaEntry>& map, const HashedKey& key);
    /// Counts the memory of a quota that was changed, and makes room.
    void settle(QuotaEntry& entry, std::uint64_t now_us);
    void use(Entry& entry) noexcept;
    void link(Entry& entry) noexcept;
    void unlink(Entry& entry) noexcept;
    void count(Entry& entry, std::size_t heap_bytes) noexcept;
    void forget(Entry& entry);
    void make_room(const Entry& kept, std::uint64_t now_us);

    std::size_t max_bytes_ = 0;
    std::size_t held_bytes_ = 0;
    Entry* newest_ = nullptr;
    Entry* oldest_ = nullptr;
    Map<ValueEntry> values_;
    Map<QuotaEntry> quotas_;
};

}  // namespace sluice::store
