#include "keys/managed_keys.hpp"

#include <algorithm>
#include <utility>

namespace sluice::auth {
namespace {

// Names of keys that are not there, so that the same wrong key does not ask the store again and again.
constexpr std::size_t kMaxAbsent = 10000;
// How long a failing store is left alone with a key that still works.
constexpr std::chrono::milliseconds kPauseAfterFailure{1000};

}  // namespace

std::string record_key(const KeyHash& hash) { return "h:" + to_hex(hash); }

ManagedKeys::ManagedKeys(Host host, Store store, StoreHealth& health, const Limits& limits)
    : log_(host.log()),
      clock_(host.clock()),
      store_(store),
      health_(health),
      limits_(limits),
      known_(limits.max_keys),
      absent_(kMaxAbsent),
      known_count_(host.metrics().gauge("known_keys", "Managed keys in memory")) {}

std::optional<ManagedKeys::Answer> ManagedKeys::recall(const KeyHash& hash, Loop loop) {
    const auto now = clock_.monotonic();
    if (auto entry = known_.find(hash)) {
        const auto age = now - entry->confirmed;
        const bool is_paused = entry->asks_again > now && age <= limits_.stale;
        if (age > limits_.trusted && !is_paused) return std::nullopt;
        if (age > limits_.trusted / 2 && !is_paused) ask(hash, loop, nullptr);
        return Answer{std::move(entry->key), false};
    }
    const auto absent = absent_.find(hash);
    if (absent && now - absent->confirmed <= limits_.trusted) return Answer{};
    return std::nullopt;
}

void ManagedKeys::ask(const KeyHash& hash, Loop loop, Done done) {
    Question* question = nullptr;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        auto& slot = questions_[hash];
        const bool is_new = slot == nullptr;
        if (is_new) slot = std::make_unique<Question>(Question{this, hash, {}});
        if (done) slot->waiters.push_back({loop, std::move(done)});
        if (!is_new) return;
        question = slot.get();
    }
    send(*question, loop);
}

void ManagedKeys::send(Question& question, Loop loop) {
    const std::string key = record_key(question.hash);
    owed_.add();
    if (store_.get<&Question::take>(loop, key, &question) == SLUICE_OK) return;
    conclude(question, StoreOutcome::kFailed, "it does not take the question");
    owed_.settle();
}

void ManagedKeys::take_answer(Question& question, StoreAnswer answer) noexcept {
    conclude(question, answer.outcome(), answer.value());
    owed_.settle();
}

void ManagedKeys::conclude(Question& question, StoreOutcome outcome, std::string_view value) {
    std::unique_ptr<Question> owned;
    Answer answer;
    {
        // Until the answer is in memory: else take_over() could come in between, and what it wrote be undone.
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto found = questions_.find(question.hash);
        owned = std::move(found->second);
        questions_.erase(found);
        answer = owned->is_outdated ? answer_from_memory(owned->hash) : learn(owned->hash, outcome, value);
    }
    for (const Waiter& waiter : owned->waiters) tell(waiter, answer);
}

ManagedKeys::Answer ManagedKeys::learn(const KeyHash& hash, StoreOutcome outcome, std::string_view value) {
    if (outcome == StoreOutcome::kOk) {
        health_.note_answer();
        return remember(hash, std::string(value));
    }
    if (outcome == StoreOutcome::kAbsent) {
        health_.note_answer();
        known_.erase(hash);
        absent_.put(hash, {nullptr, clock_.monotonic(), {}});
        count_known();
        return {};
    }
    health_.note_failure(value);
    return fall_back(hash);
}

ManagedKeys::Answer ManagedKeys::remember(const KeyHash& hash, const std::string& json) {
    const auto record = KeyRecord::parse(json);
    if (!record) {
        log_.error("the store holds a record of a key that cannot be read, under " + record_key(hash));
        known_.erase(hash);
        absent_.put(hash, {nullptr, clock_.monotonic(), {}});
        return {};
    }
    auto key = record->to_known_key();
    known_.put(hash, {key, clock_.monotonic(), {}});
    count_known();
    return {std::move(key), false};
}

// A store that is down shall not lock out those it has told us of before.
ManagedKeys::Answer ManagedKeys::fall_back(const KeyHash& hash) {
    auto entry = known_.find(hash);
    const auto now = clock_.monotonic();
    if (!entry || now - entry->confirmed > limits_.stale) return {nullptr, true};
    entry->asks_again = now + kPauseAfterFailure;
    known_.put(hash, *entry);
    return {std::move(entry->key), false};
}

ManagedKeys::Answer ManagedKeys::answer_from_memory(const KeyHash& hash) {
    const auto entry = known_.find(hash);
    return entry ? Answer{entry->key, false} : Answer{nullptr, true};
}

void ManagedKeys::tell(const Waiter& waiter, const Answer& answer) {
    if (waiter.loop.is_current()) {
        waiter.done(answer);
        return;
    }
    waiter.loop.post([done = waiter.done, answer]() noexcept { done(answer); });
}

void ManagedKeys::take_over(const KeyHash& hash, const KeyRecord& record) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto asked = questions_.find(hash);
    if (asked != questions_.end()) asked->second->is_outdated = true;
    absent_.erase(hash);
    known_.put(hash, {record.to_known_key(), clock_.monotonic(), {}});
    count_known();
}

}  // namespace sluice::auth
