#include "store/memory_namespace.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <vector>

#include "store/memory_shard.hpp"

namespace sluice::store {
namespace {

// Few enough that a shard has room for the largest value (sluice/ext/store.h) in a namespace of the default size.
constexpr std::size_t kShards = 8;
// The map's buckets use the low bits of the hash.
constexpr int kShardShift = 61;

std::uint64_t steady_now_us() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

std::uint64_t expiry_us(Ttl ttl, std::uint64_t now_us) {
    // Far beyond any gateway's life; sums stay inside the type.
    constexpr std::uint64_t kLongestMs = 1ull << 50;
    if (!ttl) return 0;
    return now_us + std::clamp<std::uint64_t>(static_cast<std::uint64_t>(ttl->count()), 1, kLongestMs) * 1000;
}

sluice_store_answer answer_of(sluice_store_outcome outcome, std::string_view value = {}) {
    sluice_store_answer answer{};
    answer.struct_size = sizeof answer;
    answer.outcome = outcome;
    answer.value = {value.data(), value.size()};
    return answer;
}

Answer owned(const sluice_store_answer& answer) {
    Answer copy;
    copy.outcome = static_cast<sluice_store_outcome>(answer.outcome);
    if (answer.value.len > 0) copy.value.assign(answer.value.ptr, answer.value.len);
    copy.number = answer.number;
    copy.ticket = answer.ticket;
    copy.wait_us = answer.wait_us;
    return copy;
}

/// Inside the call where that is possible, without a copy.
void tell(const Asker& asker, const sluice_store_answer& answer) {
    if (!asker.is_told()) return;
    if (asker.is_current()) return asker.tell_here(answer);
    asker.post(owned(answer));
}

constexpr std::string_view kTooLarge = "the value is larger than this store's part for it";

/// Where a scan goes on: in this shard, behind the value of this hash. As text "shard:hash", or "shard:" for its start.
struct Cursor {
    std::size_t shard = 0;
    std::uint64_t after_hash = 0;
    bool is_at_start = true;

    static std::optional<Cursor> parse(std::string_view text) {
        if (text.empty()) return Cursor{};
        Cursor cursor;
        cursor.is_at_start = false;
        const char* end = text.data() + text.size();
        const auto [colon, problem] = std::from_chars(text.data(), end, cursor.shard);
        if (problem != std::errc() || colon == end || *colon != ':' || cursor.shard >= kShards) return std::nullopt;
        if (colon + 1 == end) return Cursor{cursor.shard, 0, true};
        const auto [last, failure] = std::from_chars(colon + 1, end, cursor.after_hash);
        if (failure != std::errc() || last != end) return std::nullopt;
        return cursor;
    }
};

struct Found {
    std::uint64_t hash;
    const std::string* key;
    const std::string* value;
};

// A scan for a rare prefix goes through many values for none; beyond this it leaves the rest for the next call.
constexpr std::size_t kVisitedAtOnce = 4096;

}  // namespace

struct MemoryNamespace::State {
    State(std::size_t max_bytes, Clock time) : clock(time ? std::move(time) : Clock(steady_now_us)) {
        for (MemoryShard& shard : shards) shard.set_max_bytes(max_bytes / kShards);
    }

    /// Runs `work(shard, now_us)` under the lock of the key's shard.
    template <class Work>
    auto in_shard(const HashedKey& key, Work&& work) {
        MemoryShard& shard = shards[key.hash >> kShardShift];
        const std::lock_guard lock(shard.mutex);
        // Read under the lock, so that time never goes back for what is in the shard.
        return work(shard, clock());
    }

    Clock clock;
    std::array<MemoryShard, kShards> shards;
};

MemoryNamespace::MemoryNamespace(std::size_t max_bytes, Clock clock)
    : state_(std::make_unique<State>(max_bytes, std::move(clock))) {}

MemoryNamespace::~MemoryNamespace() = default;

std::size_t MemoryNamespace::held_bytes() const {
    std::size_t sum = 0;
    for (MemoryShard& shard : state_->shards) {
        const std::lock_guard lock(shard.mutex);
        sum += shard.held_bytes();
    }
    return sum;
}

void MemoryNamespace::get(std::string_view key_text, const Asker& asker) {
    const HashedKey key(key_text);
    std::string text;
    const bool is_there = state_->in_shard(key, [&](MemoryShard& shard, std::uint64_t now_us) {
        const std::string* found = shard.find(key, now_us);
        if (found != nullptr) text = *found;
        return found != nullptr;
    });
    tell(asker, answer_of(is_there ? SLUICE_STORE_OK : SLUICE_STORE_ABSENT, text));
}

void MemoryNamespace::put(std::string_view key_text, std::string_view value, Ttl ttl, const Asker& asker) {
    const HashedKey key(key_text);
    const bool is_put = state_->in_shard(key, [&](MemoryShard& shard, std::uint64_t now_us) {
        return shard.put(key, value, expiry_us(ttl, now_us), now_us);
    });
    tell(asker, is_put ? answer_of(SLUICE_STORE_OK) : answer_of(SLUICE_STORE_FAILED, kTooLarge));
}

void MemoryNamespace::remove(std::string_view key_text, const Asker& asker) {
    const HashedKey key(key_text);
    state_->in_shard(key, [&](MemoryShard& shard, std::uint64_t) { shard.remove(key); });
    tell(asker, answer_of(SLUICE_STORE_OK));
}

void MemoryNamespace::add(std::string_view key_text, std::int64_t delta, Ttl ttl, const Asker& asker) {
    const HashedKey key(key_text);
    std::int64_t sum = 0;
    const std::string_view problem = state_->in_shard(key, [&](MemoryShard& shard, std::uint64_t now_us) {
        const std::string* found = shard.find(key, now_us);
        std::int64_t before = 0;
        if (found != nullptr) {
            const char* end = found->data() + found->size();
            const auto [last, failure] = std::from_chars(found->data(), end, before);
            if (failure != std::errc() || last != end) return std::string_view("the value is no whole number");
        }
        if (__builtin_add_overflow(before, delta, &sum)) return std::string_view("the sum is beyond 64 bits");
        const std::string text = std::to_string(sum);
        const bool is_put =
            found != nullptr ? shard.replace(key, text, now_us) : shard.put(key, text, expiry_us(ttl, now_us), now_us);
        return is_put ? std::string_view() : kTooLarge;
    });
    sluice_store_answer answer = answer_of(problem.empty() ? SLUICE_STORE_OK : SLUICE_STORE_FAILED, problem);
    answer.number = problem.empty() ? sum : 0;
    tell(asker, answer);
}

void MemoryNamespace::compare_and_set(std::string_view key_text, std::optional<std::string_view> expected,
                                      std::string_view value, Ttl ttl, const Asker& asker) {
    const HashedKey key(key_text);
    std::string text;
    const sluice_store_outcome outcome = state_->in_shard(key, [&](MemoryShard& shard, std::uint64_t now_us) {
        const std::string* found = shard.find(key, now_us);
        const bool is_expected = found == nullptr ? !expected : expected == std::string_view(*found);
        if (!is_expected) {
            if (found != nullptr) text = *found;
            return SLUICE_STORE_CONFLICT;
        }
        return shard.put(key, value, expiry_us(ttl, now_us), now_us) ? SLUICE_STORE_OK : SLUICE_STORE_FAILED;
    });
    tell(asker, answer_of(outcome, outcome == SLUICE_STORE_FAILED ? kTooLarge : std::string_view(text)));
}

void MemoryNamespace::scan(std::string_view prefix, std::string_view cursor, std::size_t max_items,
                           const Asker& asker) {
    const auto begin = Cursor::parse(cursor);
    if (!begin) return asker.tell(Answer::failed("the cursor is not one of this store"));
    Answer answer;
    Cursor at = *begin;
    // One shard for each answer that has something: the work of a call is bounded.
    std::size_t visited = 0;
    for (; at.shard < kShards && answer.items.empty() && visited < kVisitedAtOnce; at = {at.shard + 1, 0, true}) {
        MemoryShard& shard = state_->shards[at.shard];
        const std::lock_guard lock(shard.mutex);
        std::vector<Found> found;
        shard.for_each(state_->clock(), [&](std::uint64_t hash, const std::string& key, const std::string& value) {
            ++visited;
            const bool is_ahead = at.is_at_start || hash > at.after_hash;
            if (is_ahead && key.starts_with(prefix)) found.push_back({hash, &key, &value});
        });
        const std::size_t count = std::min(found.size(), max_items);
        std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(count), found.end(),
                          [](const Found& a, const Found& b) { return a.hash < b.hash; });
        for (std::size_t index = 0; index < count; ++index) {
            answer.items.emplace_back(*found[index].key, *found[index].value);
        }
        if (count < found.size()) {
            answer.cursor = std::to_string(at.shard) + ":" + std::to_string(found[count - 1].hash);
            break;
        }
    }
    if (answer.cursor.empty() && at.shard < kShards) answer.cursor = std::to_string(at.shard) + ":";
    asker.tell(std::move(answer));
}

void MemoryNamespace::take(std::string_view key_text, const Quota& quota, const Asker& asker) {
    const HashedKey key(key_text);
    sluice_store_answer answer = answer_of(SLUICE_STORE_REFUSED);
    state_->in_shard(key, [&](MemoryShard& shard, std::uint64_t now_us) {
        shard.change_quota(key, now_us, MemoryShard::IfAbsent::kMake, [&](QuotaSlots& slots) {
            const QuotaSlots::Outcome outcome = slots.take(quota, now_us);
            if (outcome.is_taken) answer.outcome = SLUICE_STORE_OK;
            answer.number = slots.total();
            answer.ticket = outcome.ticket;
            answer.wait_us = outcome.wait_us;
        });
    });
    tell(asker, answer);
}

void MemoryNamespace::give_back(std::string_view key_text, std::int64_t amount, std::uint64_t ticket,
                                const Asker& asker) {
    const HashedKey key(key_text);
    state_->in_shard(key, [&](MemoryShard& shard, std::uint64_t now_us) {
        shard.change_quota(key, now_us, MemoryShard::IfAbsent::kLeave,
                           [&](QuotaSlots& slots) { slots.give_back(amount, ticket, now_us); });
    });
    tell(asker, answer_of(SLUICE_STORE_OK));
}

void MemoryNamespace::renew(std::string_view key_text, std::int64_t amount, std::uint64_t ticket, std::uint64_t ttl_us,
                            const Asker& asker) {
    const HashedKey key(key_text);
    sluice_store_answer answer = answer_of(SLUICE_STORE_OK);
    state_->in_shard(key, [&](MemoryShard& shard, std::uint64_t now_us) {
        shard.change_quota(key, now_us, MemoryShard::IfAbsent::kMake, [&](QuotaSlots& slots) {
            const QuotaSlots::Outcome renewed = slots.renew(amount, ticket, ttl_us, now_us);
            answer.number = slots.total();
            answer.ticket = renewed.ticket;
            answer.wait_us = renewed.wait_us;
        });
    });
    tell(asker, answer);
}

}  // namespace sluice::store
