#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "result.hpp"

namespace sluice::store {

/// Space and key of a value or a quota, borrowed.
struct RowKey {
    std::string_view space;
    std::string_view key;
};

/// The file of a SqliteStore: one connection and its prepared statements. Functions that fail return false or nullopt;
/// problem() has the reason. One thread at a time.
class SqliteFile {
public:
    /// Opens or makes the file. The error names it, what was found and what was expected; a file that is not ours stays
    /// as it is.
    static Result<std::unique_ptr<SqliteFile>> open(const std::filesystem::path& path);

    bool begin() noexcept { return execute("BEGIN IMMEDIATE"); }
    bool commit() noexcept { return execute("COMMIT"); }
    void roll_back() noexcept { execute("ROLLBACK"); }

    struct Value {
        bool is_there = false;
        std::string text;
        std::int64_t expires_ms = 0;  ///< Unix time; 0: never
    };
    std::optional<Value> get(RowKey at, std::int64_t now_ms);
    bool put(RowKey at, std::string_view text, std::int64_t expires_ms);
    bool remove(RowKey at);
    struct List {
        std::vector<std::pair<std::string, std::string>> items;
        bool has_more = false;  ///< there may be more, after the last one
    };
    /// Values whose keys begin with the key of `prefix` and come after `after`, in the order of their keys; up to
    /// `count`, fewer where they are large.
    std::optional<List> list(RowKey prefix, std::string_view after, std::size_t count, std::int64_t now_ms);

    struct Part {
        std::int64_t expires_us = 0;
        std::int64_t amount = 0;
    };
    /// What is taken under a key and expires after `now_us`, in the order of expiry; the rest is forgotten.
    std::optional<std::vector<Part>> parts(RowKey at, std::int64_t now_us);
    /// Adds to the part that expires then, which is made or, with nothing left of it, forgotten.
    bool change_part(RowKey at, Part change);

    /// Forgets up to `count` values and `count` parts that have expired; how many there were of what there was most.
    /// Does not wait for a lock: then there were none.
    std::optional<int> expire(std::int64_t now_us, int count);

    // Of the last function that failed.
    std::string problem() const { return sqlite3_errmsg(database_.get()); }
    /// Somebody else has kept the file locked for longer than is waited.
    bool is_locked() const noexcept { return (sqlite3_errcode(database_.get()) & 0xff) == SQLITE_BUSY; }

private:
    struct Close {
        void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
        void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
    };
    using Statement = std::unique_ptr<sqlite3_stmt, Close>;

    SqliteFile() = default;
    Result<void> open_all(const std::filesystem::path& path);
    Result<void> open_database(const std::filesystem::path& path);
    Result<void> prepare_schema();
    Result<void> check_integrity();
    Result<void> prepare_statements();
    /// problem(), introduced by `what` unless a lock is all there is to it.
    Unexpected<std::string> refusal(const char* what) const;
    bool execute(const char* sql) noexcept;
    Statement prepare(const char* sql) noexcept;
    bool run(sqlite3_stmt* statement) noexcept;

    std::unique_ptr<sqlite3, Close> database_;
    Statement get_;
    Statement put_;
    Statement remove_;
    Statement list_;
    Statement expire_parts_;
    Statement parts_;
    Statement add_part_;
    Statement drop_part_;
    Statement sweep_values_;
    Statement sweep_parts_;
};

}  // namespace sluice::store
