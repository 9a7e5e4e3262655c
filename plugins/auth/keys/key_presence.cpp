#include "keys/key_presence.hpp"

#include <unistd.h>

#include <memory>

#include "keys/lasting_file.hpp"
#include "sluice/cpp/error.hpp"

namespace sluice::auth {
namespace {

constexpr std::string_view kOtherHashKey =
    "hash_key: the keys in the store were made with another one, so that none of them would work. Expected the "
    "hash_key of the gateway that made them: copy its file hash_key or its option, or choose another namespace";

constexpr std::string_view kMarkerName = "keys_exist";
constexpr std::string_view kMarkerText =
    "There is a key, or there was one: this gateway asks for keys, also where the store has lost them.\n";

// A gateway whose hash key is configured works without a folder.
std::string marker_in_folder(Host host) {
    try {
        return host.folder() + "/" + std::string(kMarkerName);
    } catch (const Error&) {
        return {};
    }
}

}  // namespace

KeyPresence::KeyPresence(Host host, Store store, StoreHealth& health, std::string fingerprint, const Limits& limits)
    : log_(host.log()),
      clock_(host.clock()),
      store_(store),
      health_(health),
      fingerprint_(std::move(fingerprint)),
      limits_(limits),
      marker_(marker_in_folder(host)),
      is_marked_(::access(marker_.c_str(), F_OK) == 0) {
    const Loops loops = host.loops();
    AwaitedAnswer answer;
    if (loops.count() > 0 && store_.get<&AwaitedAnswer::take>(loops.at(0), kFingerprintKey, &answer) == SLUICE_OK) {
        answer.wait();
    }
    if (answer.outcome == StoreOutcome::kOk && answer.value != fingerprint_) {
        throw Error("internal_error", std::string(kOtherHashKey));
    }
    // What it learns it notes down.
    if (!host.is_probe()) learn(answer.outcome, answer.value);
}

bool KeyPresence::is_settled(Loop loop) {
    const State now = state();
    if (now == State::kSome) return true;
    if (now == State::kUnknown) return false;
    const auto age = clock_.monotonic() - std::chrono::nanoseconds(asked_.load(std::memory_order_relaxed));
    if (age > limits_.trusted) return false;
    if (age > limits_.trusted / 2 && !is_asking_.exchange(true)) ask(loop, nullptr);
    return true;
}

void KeyPresence::ask(Loop loop, Done done) {
    auto question = std::make_unique<Question>(Question{this, std::move(done)});
    owed_.add();
    if (store_.get<&Question::take>(loop, kFingerprintKey, question.get()) == SLUICE_OK) {
        static_cast<void>(question.release());
        return;
    }
    learn(StoreOutcome::kFailed, "it does not take the question");
    if (question->done) question->done(state());
    owed_.settle();
}

void KeyPresence::Question::take(StoreAnswer answer) noexcept {
    const std::unique_ptr<Question> owned(this);
    KeyPresence& to = *presence;
    to.learn(answer.outcome(), answer.value());
    if (done) done(to.state());
    to.owed_.settle();
}

void KeyPresence::learn(StoreOutcome outcome, std::string_view value) {
    is_asking_.store(false);
    if (outcome == StoreOutcome::kFailed) {
        health_.note_failure(value);
        const auto age = clock_.monotonic() - std::chrono::nanoseconds(asked_.load(std::memory_order_relaxed));
        State none = State::kNone;
        if (age > limits_.stale) state_.compare_exchange_strong(none, State::kUnknown);
        return;
    }
    health_.note_answer();
    asked_.store(clock_.monotonic().count(), std::memory_order_relaxed);
    if (outcome != StoreOutcome::kOk) return learn_absence();
    if (value != fingerprint_) log_.error(kOtherHashKey);
    note_key();
}

void KeyPresence::learn_absence() {
    if (!is_marked_.load()) {
        State expected = State::kUnknown;
        state_.compare_exchange_strong(expected, State::kNone);
        return;
    }
    if (state_.exchange(State::kSome) == State::kSome) return;
    log_.error(
        "the store holds no keys, but this gateway has known some: with `require: auto` it goes on asking for "
        "keys. Bring back what the store held; or, if no keys are wanted any more, delete the file " +
        marker_ + " and start the gateway again");
}

void KeyPresence::note_key() noexcept {
    state_.store(State::kSome, std::memory_order_release);
    if (is_marked_.exchange(true)) return;
    try {
        if (marker_.empty())
            throw Error("internal_error", "the instance has no folder to note down that there are any");
        make_lasting_file(marker_, kMarkerText);
    } catch (const std::exception& exception) {
        is_marked_.store(false);
        log_.error("a store that loses its keys would open this gateway at its next start: " +
                   std::string(exception.what()));
    }
}

}  // namespace sluice::auth
