// Whether any managed key was ever made: from then on the gateway asks for keys.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "keys/owed_answers.hpp"
#include "keys/store_health.hpp"
#include "sluice/cpp/host.hpp"

namespace sluice::auth {

// Where the store keeps the fingerprint of the hash key; it is set by the first key that is made and stays.
inline constexpr std::string_view kFingerprintKey = "hash_key";

// A file of the instance's folder says that there was a key once: a store that has lost its keys opens no gateway.
// Every thread may use it. The destructor waits for what the store still owes; it runs on no loop.
class KeyPresence {
public:
    enum class State {
        kNone,
        kSome,
        kUnknown  // the store has not answered yet
    };
    struct Limits {
        std::chrono::nanoseconds trusted;  // cache_ms
        std::chrono::nanoseconds stale;    // stale_ms
    };
    // Does not throw.
    using Done = std::function<void(State)>;

    // Asks the store and waits. Throws Error if its keys were made with another hash key than that of `fingerprint`.
    KeyPresence(Host host, Store store, StoreHealth& health, std::string fingerprint, const Limits& limits);
    ~KeyPresence() { owed_.wait(); }

    State state() const noexcept { return state_.load(std::memory_order_acquire); }
    // True if state() may be relied on. That there is none is asked again every `trusted`, in the background of `loop`
    // once half of it is over; if the store fails for longer than `stale`, nobody knows any more.
    bool is_settled(Loop loop);
    // Asks; `done` runs once on `loop`, inside the call or later.
    void ask(Loop loop, Done done);
    // Waits for the disk, the first time ever.
    void note_key() noexcept;

private:
    struct Question {
        KeyPresence* presence;
        Done done;
        void take(StoreAnswer answer) noexcept;
    };

    void learn(StoreOutcome outcome, std::string_view value);
    void learn_absence();

    Log log_;
    Clock clock_;
    Store store_;
    StoreHealth& health_;
    const std::string fingerprint_;
    const Limits limits_;
    const std::string marker_;  // the path of that file; empty: there is no folder
    std::atomic<bool> is_marked_;
    std::atomic<State> state_{State::kUnknown};
    std::atomic<std::chrono::nanoseconds::rep> asked_{0};  // monotonic
    std::atomic<bool> is_asking_{false};
    OwedAnswers owed_;
};

}  // namespace sluice::auth
