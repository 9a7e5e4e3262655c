#include "session/host_session_store.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace sluice::claude_code {
namespace {

constexpr std::size_t kPiece = 256;
constexpr const char* kNoRecord = "found a value that is no session";

StoreOutcome outcome_of(const StoreAnswer& answer) {
    if (answer.is_ok()) return StoreOutcome::kOk;
    return answer.outcome() == sluice::StoreOutcome::kAbsent ? StoreOutcome::kMissing : StoreOutcome::kFailed;
}

// What the host has not even taken is answered as what it could not do.
sluice_store_answer refused_answer() {
    constexpr std::string_view kReason = "the store did not take it: too large, or no memory";
    sluice_store_answer answer{};
    answer.struct_size = sizeof(answer);
    answer.outcome = SLUICE_STORE_FAILED;
    answer.value = to_str(kReason);
    return answer;
}

}  // namespace

// Lives from the question to its answer.
struct HostSessionStore::Question {
    HostSessionStore& store;
    Health& health;
    Told told;

    void take(StoreAnswer answer) noexcept {
        HostSessionStore& asked = store;
        if (asked.is_open()) {
            const StoreOutcome outcome = outcome_of(answer);
            asked.note(health, outcome != StoreOutcome::kFailed, answer.value());
            told(outcome, answer);
        }
        delete this;
        // Last: from here on the store may be gone.
        asked.leave();
    }
};

HostSessionStore::HostSessionStore(Store store, std::string_view instance, Loop home, Log log)
    : store_(store), prefix_(std::string(instance) + "/"), home_(home), log_(log) {}

HostSessionStore::~HostSessionStore() {
    std::unique_lock lock(mutex_);
    is_open_ = false;
    changed_.wait(lock, [this] { return under_way_ == 0; });
}

template <class Call>
void HostSessionStore::ask(Health& health, Told told, Call call) {
    {
        const std::lock_guard lock(mutex_);
        ++under_way_;
    }
    // Its own from the moment the host has it: the answer may come inside.
    auto* const question = new Question{*this, health, std::move(told)};
    if (call(question) == SLUICE_OK) return;
    const sluice_store_answer answer = refused_answer();
    question->take(StoreAnswer(&answer));
}

bool HostSessionStore::is_open() {
    const std::lock_guard lock(mutex_);
    return is_open_;
}

void HostSessionStore::leave() {
    const std::lock_guard lock(mutex_);
    --under_way_;
    changed_.notify_one();  // under the lock: who waits frees this object as soon as it gets it
}

void HostSessionStore::note(Health& health, bool is_done, std::string_view reason) {
    if (!is_done && !health.is_failing) {
        log_.error(std::string("sessions cannot be ") + health.what + ": " + std::string(reason));
    }
    health.is_failing = !is_done;
}

void HostSessionStore::load(const std::string& id, Loaded done) {
    const auto told = [this, done = std::move(done)](StoreOutcome outcome, StoreAnswer answer) {
        if (outcome != StoreOutcome::kOk) return done(outcome, {});
        auto record = decode(answer.value());
        if (record) return done(StoreOutcome::kOk, *std::move(record));
        note(reading_, false, kNoRecord);
        done(StoreOutcome::kFailed, {});
    };
    ask(reading_, told, [&](Question* question) { return store_.get<&Question::take>(home_, prefix_ + id, question); });
}

void HostSessionStore::save(const SessionRecord& record, std::chrono::milliseconds keep, Done done) {
    const auto told = [done = std::move(done)](StoreOutcome outcome, StoreAnswer) { done(outcome); };
    // 0 would keep it for ever.
    const auto kept = std::max(keep, std::chrono::milliseconds(1));
    ask(writing_, told, [&](Question* question) {
        return store_.put<&Question::take>(home_, prefix_ + record.id, encode(record), kept, question);
    });
}

void HostSessionStore::erase(const std::string& id, Done done) {
    const auto told = [done = std::move(done)](StoreOutcome outcome, StoreAnswer) { done(outcome); };
    ask(writing_, told,
        [&](Question* question) { return store_.remove<&Question::take>(home_, prefix_ + id, question); });
}

void HostSessionStore::list(Listed piece) { ask_piece(std::make_shared<Listed>(std::move(piece)), {}); }

void HostSessionStore::ask_piece(std::shared_ptr<Listed> piece, const std::string& cursor) {
    const auto told = [this, piece = std::move(piece)](StoreOutcome outcome, StoreAnswer answer) {
        if (outcome != StoreOutcome::kOk) return (*piece)(StoreOutcome::kFailed, {});
        std::vector<SessionRecord> records;
        for (std::size_t at = 0; at < answer.item_count(); ++at) {
            if (auto record = decode(to_view(answer.item(at).value))) records.push_back(*std::move(record));
        }
        const std::string next(answer.cursor());
        if (!records.empty()) (*piece)(StoreOutcome::kOk, std::move(records));
        if (next.empty()) return (*piece)(StoreOutcome::kOk, {});
        ask_piece(piece, next);
    };
    ask(reading_, told,
        [&](Question* question) { return store_.scan<&Question::take>(home_, prefix_, cursor, kPiece, question); });
}

}  // namespace sluice::claude_code
