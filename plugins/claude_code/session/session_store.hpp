// Where sessions are kept between their turns.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::claude_code {

// What must be known of a session to go on with it in another process of the gateway.
struct SessionRecord {
    std::string id;                          // UUID, lower case; the program's own session id, too
    std::string owner;                       // whose it is: the id of the key, empty where the gateway asks for none
    std::string model;                       // of its last turn, as the program names it
    std::string system_prompt;               // of its first request, given again at each resume
    std::chrono::milliseconds created{0};    // Unix time
    std::chrono::milliseconds last_used{0};  // Unix time
};

// One line of JSON, and back; nullopt for a text that is no record.
std::string encode(const SessionRecord& record);
std::optional<SessionRecord> decode(std::string_view text);

enum class StoreOutcome { kOk, kMissing, kFailed };

// Keeps records under their id. Every function runs on the home loop and answers there: once, possibly inside, unless
// the store is destroyed first. `kFailed` says that the outcome is not known.
class SessionStore {
public:
    using Loaded = std::function<void(StoreOutcome, SessionRecord)>;
    using Done = std::function<void(StoreOutcome)>;
    using Listed = std::function<void(StoreOutcome, std::vector<SessionRecord>)>;

    virtual ~SessionStore() = default;
    virtual void load(const std::string& id, Loaded done) = 0;
    // Once this has answered kOk, the record outlives a crash of the gateway. It may be forgotten after `keep`.
    virtual void save(const SessionRecord& record, std::chrono::milliseconds keep, Done done) = 0;
    virtual void erase(const std::string& id, Done done) = 0;
    // Gives all records, in pieces; the last piece is empty.
    virtual void list(Listed piece) = 0;
};

}  // namespace sluice::claude_code
