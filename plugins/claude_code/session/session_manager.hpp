// Which sessions there are, whose they are, and which of them are busy.
#pragma once

#include <sluice/cpp/clock.hpp>
#include <sluice/cpp/log.hpp>
#include <sluice/cpp/loop.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "session/session_error.hpp"
#include "session/session_store.hpp"

namespace sluice::claude_code {

struct SessionLimits {
    std::chrono::milliseconds ttl;      // since it was last used
    std::chrono::milliseconds max_age;  // since it was made
    std::chrono::milliseconds sweep;    // how often ended ones are removed
    bool removes_ended = true;          // false: none is ever removed
};

// A session that a turn holds: nobody else gets it until release() or destroy().
struct Session {
    SessionRecord record;
    bool is_new = false;   // made by this turn
    bool is_busy = false;  // held by a turn; else it only waits until the store has taken its record
};

// Idle sessions are in the store alone, so that their number costs no memory; a session is in here while a turn holds
// it. One turn at a time: the program does not lock its sessions, and of two turns one would be lost. [home-loop]
class SessionManager {
public:
    // Told of each session that has ended, by its id: what the program has kept of it can go.
    using Ended = std::function<void(const std::string&)>;

    // `store` outlives the manager. Sweeps from now on.
    SessionManager(Loop home, Clock clock, Log log, SessionStore& store, SessionLimits limits, Ended ended);
    ~SessionManager();

    // Finds a session and takes hold of it. Answers once, possibly inside: the session, or null and why not.
    using Resolved = std::function<void(Session*, SessionError)>;
    void resolve(const std::string& id, std::string_view owner, Resolved done);

    // Makes a session, held by the caller. It is not stored before store().
    Session& create(std::string id, std::string_view owner, std::string model, std::string system_prompt);

    // Writes the session down. Answers once, possibly inside, unless the session is let go first.
    using Stored = std::function<void(bool is_stored)>;
    void store(Session& session, Stored done);

    // The turn is over; the session waits for the next one.
    void release(Session& session);
    // The session ends here.
    void destroy(Session& session);

    std::size_t busy_count() const noexcept;

private:
    struct Asker {
        std::string owner;
        Resolved done;
    };

    Session* hold(Session& session, std::string_view owner, SessionError& problem);
    void take_loaded(const std::string& id, StoreOutcome outcome, SessionRecord record);
    bool has_ended(const SessionRecord& record) const;
    std::chrono::milliseconds remaining(const SessionRecord& record) const;
    void save(Session& session, SessionStore::Done done);
    void forget_idle(const std::string& id);
    void end(const std::string& id);
    void sweep() noexcept;
    std::weak_ptr<const bool> alive() const noexcept { return life_; }
    void sweep_piece(StoreOutcome outcome, const std::vector<SessionRecord>& records);

    const Clock clock_;
    const Log log_;
    SessionStore& store_;
    const SessionLimits limits_;
    const Ended ended_;
    Timer sweep_timer_;
    // The store may answer after the end of this.
    const std::shared_ptr<const bool> life_ = std::make_shared<const bool>(true);
    std::unordered_map<std::string, std::unique_ptr<Session>> sessions_;
    std::unordered_map<std::string, std::vector<Asker>> loading_;  // by id, in the order of asking
};

}  // namespace sluice::claude_code
