#include "session/session_manager.hpp"

#include <algorithm>
#include <utility>

namespace sluice::claude_code {

SessionManager::SessionManager(Loop home, Clock clock, Log log, SessionStore& store, SessionLimits limits, Ended ended)
    : clock_(clock),
      log_(log),
      store_(store),
      limits_(limits),
      ended_(std::move(ended)),
      sweep_timer_(home.timer<&SessionManager::sweep>(this)) {
    // What ended while no gateway was running goes first.
    if (limits_.removes_ended) sweep_timer_.set(std::chrono::milliseconds(0));
}

SessionManager::~SessionManager() = default;

void SessionManager::resolve(const std::string& id, std::string_view owner, Resolved done) {
    const auto found = sessions_.find(id);
    if (found != sessions_.end()) {
        SessionError problem{};
        Session* const held = hold(*found->second, owner, problem);
        return done(held, problem);
    }
    std::vector<Asker>& askers = loading_[id];
    askers.push_back(Asker{std::string(owner), std::move(done)});
    if (askers.size() > 1) return;
    store_.load(id, [this, id, life = alive()](StoreOutcome outcome, SessionRecord record) {
        if (!life.expired()) take_loaded(id, outcome, std::move(record));
    });
}

// Owner first: that a session is busy is told to its owner only.
Session* SessionManager::hold(Session& session, std::string_view owner, SessionError& problem) {
    const bool is_there = session.record.owner == owner && !has_ended(session.record);
    problem = is_there ? SessionError::kBusy : SessionError::kNotFound;
    if (!is_there || session.is_busy) return nullptr;
    session.is_busy = true;
    session.is_new = false;
    return &session;
}

void SessionManager::take_loaded(const std::string& id, StoreOutcome outcome, SessionRecord record) {
    const std::vector<Asker> askers = std::move(loading_[id]);
    loading_.erase(id);
    std::vector<std::pair<Session*, SessionError>> answers;
    if (outcome == StoreOutcome::kOk) {
        auto loaded = std::make_unique<Session>();
        loaded->record = std::move(record);
        for (const Asker& asker : askers) {
            SessionError problem{};
            Session* const held = hold(*loaded, asker.owner, problem);
            answers.emplace_back(held, problem);
        }
        if (loaded->is_busy) sessions_.insert_or_assign(id, std::move(loaded));
    } else {
        const SessionError problem =
            outcome == StoreOutcome::kFailed ? SessionError::kNoStore : SessionError::kNotFound;
        answers.assign(askers.size(), {nullptr, problem});
    }
    // Last: an asker may come back at once.
    for (std::size_t index = 0; index < askers.size(); ++index) {
        askers[index].done(answers[index].first, answers[index].second);
    }
}

Session& SessionManager::create(std::string id, std::string_view owner, std::string model, std::string system_prompt) {
    auto made = std::make_unique<Session>();
    const auto now = clock_.unix_time();
    made->record =
        SessionRecord{std::move(id), std::string(owner), std::move(model), std::move(system_prompt), now, now};
    made->is_new = true;
    made->is_busy = true;
    Session& session = *made;
    sessions_.insert_or_assign(session.record.id, std::move(made));
    return session;
}

void SessionManager::store(Session& session, Stored done) {
    save(session, [this, id = session.record.id, done = std::move(done), life = alive()](StoreOutcome outcome) {
        if (life.expired()) return;
        const auto found = sessions_.find(id);
        if (found != sessions_.end() && found->second->is_busy) done(outcome == StoreOutcome::kOk);
    });
}

void SessionManager::release(Session& session) {
    session.is_busy = false;
    session.is_new = false;
    session.record.last_used = clock_.unix_time();
    const std::string id = session.record.id;
    // Stays at hand until the store has the new record: a request that comes in between must not read the old one.
    save(session, [this, id, life = alive()](StoreOutcome outcome) {
        if (life.expired()) return;
        if (outcome == StoreOutcome::kFailed) log_.warn("a session's last use could not be stored");
        forget_idle(id);
    });
}

void SessionManager::destroy(Session& session) {
    const std::string id = session.record.id;
    sessions_.erase(id);
    end(id);
}

std::size_t SessionManager::busy_count() const noexcept {
    return static_cast<std::size_t>(
        std::count_if(sessions_.begin(), sessions_.end(), [](const auto& each) { return each.second->is_busy; }));
}

bool SessionManager::has_ended(const SessionRecord& record) const {
    return remaining(record) <= std::chrono::milliseconds(0);
}

std::chrono::milliseconds SessionManager::remaining(const SessionRecord& record) const {
    const auto now = clock_.unix_time();
    return std::min(record.last_used + limits_.ttl, record.created + limits_.max_age) - now;
}

void SessionManager::save(Session& session, SessionStore::Done done) {
    // Kept beyond its end, so that the sweep still finds it and what the program has kept of it can be removed, also
    // where the gateway was down meanwhile.
    constexpr std::chrono::hours kGatewayIsDown{30 * 24};
    const auto keep = std::max(remaining(session.record), std::chrono::milliseconds(0)) + kGatewayIsDown;
    store_.save(session.record, keep, std::move(done));
}

void SessionManager::forget_idle(const std::string& id) {
    const auto found = sessions_.find(id);
    if (found != sessions_.end() && !found->second->is_busy) sessions_.erase(found);
}

void SessionManager::end(const std::string& id) {
    store_.erase(id, [this, id, life = alive()](StoreOutcome outcome) {
        if (life.expired()) return;
        // The next sweep tries again.
        if (outcome != StoreOutcome::kFailed) ended_(id);
    });
}

void SessionManager::sweep() noexcept {
    sweep_timer_.set(limits_.sweep);
    store_.list([this, life = alive()](StoreOutcome outcome, const std::vector<SessionRecord>& records) {
        if (!life.expired()) sweep_piece(outcome, records);
    });
}

void SessionManager::sweep_piece(StoreOutcome outcome, const std::vector<SessionRecord>& records) {
    if (outcome == StoreOutcome::kFailed) return;
    for (const SessionRecord& record : records) {
        if (has_ended(record) && !sessions_.contains(record.id)) end(record.id);
    }
}

}  // namespace sluice::claude_code
