#include "key_pool.hpp"

#include <algorithm>

namespace sluice::openai {
namespace {

constexpr std::uint64_t kNsPerMs = 1'000'000;

}  // namespace

KeyPool::KeyPool(std::size_t count, Rules rules) : rules_(rules), keys_(count) {}

KeyPool::Turn KeyPool::take(std::uint64_t now_ns) {
    const std::lock_guard lock(mutex_);
    Key* next = nullptr;
    for (Key& key : keys_) {
        if (may_be_used(key, now_ns) && (next == nullptr || key.last_turn < next->last_turn)) next = &key;
    }
    Turn turn;
    if (next == nullptr) {
        turn.wait_ms = first_rest_locked(now_ns);
        return turn;
    }
    next->last_turn = ++turn_;
    if (next->state == KeyState::kResting) next->state = KeyState::kUsable;
    next->is_on_trial = next->state == KeyState::kRetired;
    turn.has_key = true;
    turn.is_trial = next->is_on_trial;
    turn.index = static_cast<std::size_t>(next - keys_.data());
    return turn;
}

KeyChange KeyPool::judge(std::size_t index, bool is_trial, int status, std::uint64_t retry_after_ms,
                         std::uint64_t now_ns) {
    const std::lock_guard lock(mutex_);
    Key& key = keys_[index];
    if (key.state == KeyState::kRetired && !is_trial) return KeyChange::kNone;
    if (is_trial) key.is_on_trial = false;
    if (status == 429) return rest(key, retry_after_ms, now_ns);
    if (status == 401 || status == 403) {
        key.state = KeyState::kRetired;
        key.until_ns = now_ns + rules_.retry_ms * kNsPerMs;
        return KeyChange::kRetired;
    }
    // An upstream in trouble (5xx) has not said whether it takes the key: the next request tries it.
    if (!is_trial || status >= 500) return KeyChange::kNone;
    key.state = KeyState::kUsable;
    return KeyChange::kRestored;
}

void KeyPool::end_trial(std::size_t index) {
    const std::lock_guard lock(mutex_);
    keys_[index].is_on_trial = false;
}

KeyCounts KeyPool::counts(std::uint64_t now_ns) const {
    const std::lock_guard lock(mutex_);
    KeyCounts counts;
    for (const Key& key : keys_) {
        if (key.state == KeyState::kRetired)
            ++counts.retired;
        else if (rests(key, now_ns))
            ++counts.resting;
        else
            ++counts.usable;
    }
    return counts;
}

std::uint64_t KeyPool::first_rest_ms(std::uint64_t now_ns) const {
    const std::lock_guard lock(mutex_);
    return first_rest_locked(now_ns);
}

bool KeyPool::may_be_used(const Key& key, std::uint64_t now_ns) const noexcept {
    if (key.state == KeyState::kUsable) return true;
    return key.until_ns <= now_ns && !key.is_on_trial;
}

bool KeyPool::rests(const Key& key, std::uint64_t now_ns) const noexcept {
    return key.state == KeyState::kResting && key.until_ns > now_ns;
}

std::uint64_t KeyPool::first_rest_locked(std::uint64_t now_ns) const {
    std::uint64_t first_ns = 0;
    for (const Key& key : keys_) {
        if (rests(key, now_ns) && (first_ns == 0 || key.until_ns < first_ns)) first_ns = key.until_ns;
    }
    return first_ns == 0 ? 0 : (first_ns - now_ns + kNsPerMs - 1) / kNsPerMs;
}

// A rest is never made shorter: of several answers the one that asks for the longest is right.
KeyChange KeyPool::rest(Key& key, std::uint64_t retry_after_ms, std::uint64_t now_ns) const {
    const std::uint64_t lasts_ms = std::min(retry_after_ms > 0 ? retry_after_ms : rules_.cooldown_ms, kMaxRestMs);
    const std::uint64_t until_ns = now_ns + lasts_ms * kNsPerMs;
    const bool rested = rests(key, now_ns);
    key.state = KeyState::kResting;
    key.until_ns = rested ? std::max(key.until_ns, until_ns) : until_ns;
    return rested ? KeyChange::kNone : KeyChange::kRests;
}

}  // namespace sluice::openai
