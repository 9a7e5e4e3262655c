// The managed keys as requests see them: from memory where they are known, else from the store.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "keys/key_cache.hpp"
#include "keys/key_record.hpp"
#include "keys/owed_answers.hpp"
#include "keys/store_health.hpp"
#include "sluice/cpp/host.hpp"

namespace sluice::auth {

// Under what a record stands in the store.
std::string record_key(const KeyHash& hash);

// Every thread may use it. The destructor waits for what the store still owes; it runs on no loop.
class ManagedKeys {
public:
    struct Limits {
        std::chrono::milliseconds trusted;  // cache_ms
        std::chrono::milliseconds stale;    // stale_ms
        std::size_t max_keys;
    };
    struct Answer {
        std::shared_ptr<const KnownKey> key;  // null: there is none, or nobody knows
        bool has_failed = false;              // nobody knows: the store failed
    };
    // Does not throw.
    using Done = std::function<void(const Answer&)>;

    ManagedKeys(Host host, Store store, StoreHealth& health, const Limits& limits);
    ~ManagedKeys() { owed_.wait(); }

    // What is known without waiting. A key that is not asked for only now and then is confirmed in the background, on
    // `loop`, before its time is over. nullopt: ask().
    std::optional<Answer> recall(const KeyHash& hash, Loop loop);
    // Asks the store; `done` runs once on `loop`, inside the call or later. Several who ask for one key share a
    // question.
    void ask(const KeyHash& hash, Loop loop, Done done);
    // The record has just been written: what is known follows at once.
    void take_over(const KeyHash& hash, const KeyRecord& record);

    // In memory now.
    std::size_t known_count() const { return known_.size(); }

private:
    struct Waiter {
        Loop loop;
        Done done;
    };
    struct Question {
        ManagedKeys* keys;
        KeyHash hash;
        std::vector<Waiter> waiters;
        bool is_outdated = false;  // the record was written after it was asked

        void take(StoreAnswer answer) noexcept { keys->take_answer(*this, answer); }
    };

    void send(Question& question, Loop loop);
    void take_answer(Question& question, StoreAnswer answer) noexcept;
    void conclude(Question& question, StoreOutcome outcome, std::string_view value);
    // These four under the mutex.
    Answer learn(const KeyHash& hash, StoreOutcome outcome, std::string_view value);
    Answer remember(const KeyHash& hash, const std::string& json);
    Answer fall_back(const KeyHash& hash);
    Answer answer_from_memory(const KeyHash& hash);
    static void tell(const Waiter& waiter, const Answer& answer);
    void count_known() { known_count_.set(static_cast<double>(known_.size())); }

    Log log_;
    Clock clock_;
    Store store_;
    StoreHealth& health_;
    const Limits limits_;
    KeyCache known_;
    KeyCache absent_;
    Gauge known_count_;
    std::mutex mutex_;  // for the questions, and for what their answers change
    std::unordered_map<KeyHash, std::unique_ptr<Question>, KeyHashIndex> questions_;
    OwedAnswers owed_;
};

}  // namespace sluice::auth
