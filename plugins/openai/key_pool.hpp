// Which of several keys the next request takes, and which of them take none for a while.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace sluice::openai {

enum class KeyState : std::uint8_t { kUsable, kResting, kRetired };

struct KeyCounts {
    std::size_t usable = 0;
    std::size_t resting = 0;
    std::size_t retired = 0;
};

// What an answer changed about a key.
enum class KeyChange {
    kNone,
    kRests,    // 429: the others take its turns until the rest is over
    kRetired,  // 401 or 403: not used until one request tries it again
    kRestored  // the request that tried it was let in
};

// Safe from every thread: a short lock, and no memory from the heap. Times are those of one monotonic clock; every
// function is told the time, so that all of them can be tested without waiting.
class KeyPool {
public:
    static constexpr std::uint64_t kMaxRestMs = 600'000;

    struct Rules {
        std::uint64_t cooldown_ms;  // rest after a 429 that names no time
        std::uint64_t retry_ms;     // from the retirement of a key to the request that tries it again
    };
    struct Turn {
        bool has_key = false;
        bool is_trial = false;      // the one request that tries a retired key
        std::size_t index = 0;      // of the key
        std::uint64_t wait_ms = 0;  // without a key: until the first rest is over; 0 if all keys are retired
    };

    // `count` keys, all usable.
    KeyPool(std::size_t count, Rules rules);

    // The key that was taken least recently among those that may be used. A retired key whose time has come is one of
    // them, for one request at a time.
    Turn take(std::uint64_t now_ns);

    // An answer to a request with the key. `retry_after_ms` is 0 where the answer names none. Ends the trial. Of a
    // retired key only the trial is believed: other answers belong to requests from before.
    KeyChange judge(std::size_t index, bool is_trial, int status, std::uint64_t retry_after_ms, std::uint64_t now_ns);
    // The trial ended without an answer: the next request tries the key.
    void end_trial(std::size_t index);

    KeyCounts counts(std::uint64_t now_ns) const;
    // Until the first rest is over, rounded up; 0 if no key rests.
    std::uint64_t first_rest_ms(std::uint64_t now_ns) const;

private:
    struct Key {
        KeyState state = KeyState::kUsable;
        bool is_on_trial = false;
        std::uint64_t until_ns = 0;   // end of the rest, or when a retired key is tried
        std::uint64_t last_turn = 0;  // 0: never
    };

    bool may_be_used(const Key& key, std::uint64_t now_ns) const noexcept;
    bool rests(const Key& key, std::uint64_t now_ns) const noexcept;
    std::uint64_t first_rest_locked(std::uint64_t now_ns) const;
    KeyChange rest(Key& key, std::uint64_t retry_after_ms, std::uint64_t now_ns) const;

    const Rules rules_;
    mutable std::mutex mutex_;
    std::vector<Key> keys_;
    std::uint64_t turn_ = 0;
};

}  // namespace sluice::openai
