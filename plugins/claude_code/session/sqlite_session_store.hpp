// Sessions in an SQLite file.
#pragma once

#include <sluice/cpp/log.hpp>
#include <sluice/cpp/loop.hpp>

#include <memory>
#include <string>

#include "session/session_store.hpp"

namespace sluice::claude_code {

// One file, written by a thread of its own so that the loop never waits for the disk. Write-ahead log, synchronous:
// what was answered kOk survives a crash of the gateway and of the machine. Records that may be forgotten are, once a
// list() has given them; failures are logged, one line for a row of them.
class SqliteSessionStore final : public SessionStore {
public:
    // Opens or makes the file. Throws sluice::Error, which names the file and what is wrong with it; a damaged file is
    // not overwritten. [main-thread]
    SqliteSessionStore(const std::string& path, Loop home, Log log);
    // Finishes what was asked for, ends the thread; answers that were not given are not given any more. [main-thread]
    ~SqliteSessionStore() override;

    // SessionStore
    void load(const std::string& id, Loaded done) override;
    void save(const SessionRecord& record, std::chrono::milliseconds keep, Done done) override;
    void erase(const std::string& id, Done done) override;
    void list(Listed piece) override;

private:
    struct Worker;
    std::shared_ptr<Worker> worker_;
};

}  // namespace sluice::claude_code
