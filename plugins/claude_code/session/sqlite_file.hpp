// The SQLite file of a session store.
#pragma once

#include <sqlite3.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "session/session_store.hpp"

namespace sluice::claude_code {

// One connection; used by one thread at a time. Functions that fail say so by their result; problem() has the reason.
class SqliteFile {
public:
    // Opens or makes the file. Throws sluice::Error, which names the file and what is wrong with it.
    explicit SqliteFile(const std::string& path);

    bool begin() noexcept { return execute("BEGIN IMMEDIATE"); }
    bool commit() noexcept { return execute("COMMIT"); }
    void roll_back() noexcept { execute("ROLLBACK"); }

    StoreOutcome load(const std::string& id, SessionRecord& record);
    bool save(const SessionRecord& record, std::chrono::milliseconds expires);
    bool erase(const std::string& id);
    // Up to `count` records whose ids come after `after`; nullopt if they cannot be read.
    std::optional<std::vector<SessionRecord>> list(const std::string& after, int count);
    // Forgets what has expired.
    bool expire(std::chrono::milliseconds now);

    std::string problem() const { return sqlite3_errmsg(database_.get()); }

private:
    struct Close {
        void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
        void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
    };
    using Statement = std::unique_ptr<sqlite3_stmt, Close>;

    bool execute(const char* sql) noexcept;
    void prepare_schema();
    Statement prepare(const char* sql);
    bool run(sqlite3_stmt* statement) noexcept;
    [[noreturn]] void refuse(const std::string& reason) const;

    const std::string path_;
    std::unique_ptr<sqlite3, Close> database_;
    Statement load_;
    Statement save_;
    Statement erase_;
    Statement list_;
    Statement expire_;
};

}  // namespace sluice::claude_code
