#include "store/sqlite_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace sluice::store {
namespace {

constexpr int kVersion = 1;
constexpr int kBusyTimeoutMs = 3000;
constexpr std::size_t kMaxListBytes = 4u << 20;

// Keys and values are any bytes, hence blobs. A value without an expiry has none rather than 0, so that the index of
// those that end stays small.
constexpr const char* kSchema =
    "CREATE TABLE stored (space TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, expires_unix_ms INTEGER,"
    " PRIMARY KEY (space, key)) WITHOUT ROWID;"
    "CREATE INDEX stored_expiry ON stored (expires_unix_ms) WHERE expires_unix_ms IS NOT NULL;"
    "CREATE TABLE taken (space TEXT NOT NULL, key BLOB NOT NULL, expires_unix_us INTEGER NOT NULL,"
    " amount INTEGER NOT NULL, PRIMARY KEY (space, key, expires_unix_us)) WITHOUT ROWID;"
    "CREATE INDEX taken_expiry ON taken (expires_unix_us);"
    "PRAGMA user_version = 1";

void bind_text(sqlite3_stmt* statement, int at, std::string_view text) {
    sqlite3_bind_text64(statement, at, text.data() == nullptr ? "" : text.data(), text.size(), SQLITE_STATIC,
                        SQLITE_UTF8);
}

void bind_bytes(sqlite3_stmt* statement, int at, std::string_view bytes) {
    // A null pointer would bind NULL.
    sqlite3_bind_blob64(statement, at, bytes.data() == nullptr ? "" : bytes.data(), bytes.size(), SQLITE_STATIC);
}

void bind_key(sqlite3_stmt* statement, RowKey at) {
    bind_text(statement, 1, at.space);
    bind_bytes(statement, 2, at.key);
}

std::string bytes_of(sqlite3_stmt* statement, int column) {
    const auto* const bytes = static_cast<const char*>(sqlite3_column_blob(statement, column));
    return bytes == nullptr ? std::string()
                            : std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement, column)));
}

int version_of(sqlite3_stmt* statement) {
    return statement != nullptr && sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int(statement, 0) : -1;
}

}  // namespace

Result<std::unique_ptr<SqliteFile>> SqliteFile::open(const std::filesystem::path& path) {
    std::unique_ptr<SqliteFile> file(new SqliteFile);
    const Result<void> outcome = file->open_all(path);
    if (!outcome) return Unexpected("store " + path.string() + ": " + outcome.error());
    return file;
}

Result<void> SqliteFile::open_all(const std::filesystem::path& path) {
    if (auto opened = open_database(path); !opened) return opened;
    if (auto prepared = prepare_schema(); !prepared) return prepared;
    return prepare_statements();
}

Result<void> SqliteFile::open_database(const std::filesystem::path& path) {
    // Made here, so that it is nobody else's from the first moment on; its log gets the same mode.
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) return Unexpected(std::string("cannot be opened: ") + std::strerror(errno));
    ::close(descriptor);
    sqlite3* database = nullptr;
    const int opened = sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    database_.reset(database);
    if (opened != SQLITE_OK) return refusal("cannot be opened");
    sqlite3_busy_timeout(database, kBusyTimeoutMs);
    return {};
}

// Looked at before anything is written: a file that is not ours stays as it is.
Result<void> SqliteFile::prepare_schema() {
    const int found = version_of(prepare("PRAGMA user_version").get());
    if (found < 0) return refusal("found no SQLite file, expected one");
    if (found > kVersion) {
        return Unexpected("found version " + std::to_string(found) + ", expected at most " + std::to_string(kVersion) +
                          ": it was written by a newer gateway");
    }
    const Statement any_table = prepare("SELECT 1 FROM sqlite_schema");
    if (!any_table) return refusal("is damaged, or no SQLite file");
    if (found == 0 && sqlite3_step(any_table.get()) == SQLITE_ROW) {
        return Unexpected(std::string("found tables of another program, expected those of a store"));
    }
    sqlite3_reset(any_table.get());
    if (!execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")) return refusal("cannot be written");
    if (found == kVersion) return check_integrity();
    if (!begin()) return refusal("cannot be written");
    // Another one may have made it meanwhile.
    const bool is_made = version_of(prepare("PRAGMA user_version").get()) == kVersion || execute(kSchema);
    return is_made && commit() ? Result<void>() : refusal("cannot be written");
}

Result<void> SqliteFile::check_integrity() {
    const Statement check = prepare("PRAGMA quick_check(1)");
    if (!check || sqlite3_step(check.get()) != SQLITE_ROW) return refusal("is damaged");
    const std::string verdict = bytes_of(check.get(), 0);
    return verdict == "ok" ? Result<void>() : Unexpected("is damaged: " + verdict);
}

Result<void> SqliteFile::prepare_statements() {
    get_ = prepare(
        "SELECT value, expires_unix_ms FROM stored WHERE space = ?1 AND key = ?2"
        " AND (expires_unix_ms IS NULL OR expires_unix_ms > ?3)");
    put_ = prepare("INSERT OR REPLACE INTO stored VALUES (?1, ?2, ?3, ?4)");
    remove_ = prepare("DELETE FROM stored WHERE space = ?1 AND key = ?2");
    // One lower bound, so that it is where the search begins.
    list_ = prepare(
        "SELECT key, value FROM stored WHERE space = ?1 AND key >= ?2 AND key <> ?3"
        " AND (expires_unix_ms IS NULL OR expires_unix_ms > ?4) ORDER BY key");
    expire_parts_ = prepare("DELETE FROM taken WHERE space = ?1 AND key = ?2 AND expires_unix_us <= ?3");
    parts_ =
        prepare("SELECT expires_unix_us, amount FROM taken WHERE space = ?1 AND key = ?2 ORDER BY expires_unix_us");
    add_part_ = prepare(
        "INSERT INTO taken VALUES (?1, ?2, ?3, ?4)"
        " ON CONFLICT DO UPDATE SET amount = amount + excluded.amount");
    drop_part_ = prepare("DELETE FROM taken WHERE space = ?1 AND key = ?2 AND expires_unix_us = ?3 AND amount <= 0");
    sweep_values_ = prepare(
        "DELETE FROM stored WHERE (space, key) IN"
        " (SELECT space, key FROM stored WHERE expires_unix_ms <= ?1 LIMIT ?2)");
    sweep_parts_ = prepare(
        "DELETE FROM taken WHERE (space, key, expires_unix_us) IN"
        " (SELECT space, key, expires_unix_us FROM taken WHERE expires_unix_us <= ?1 LIMIT ?2)");
    for (const Statement* statement : {&get_, &put_, &remove_, &list_, &expire_parts_, &parts_, &add_part_, &drop_part_,
                                       &sweep_values_, &sweep_parts_}) {
        if (!*statement) return refusal("is damaged, or made by another program");
    }
    return {};
}

Unexpected<std::string> SqliteFile::refusal(const char* what) const {
    return Unexpected((is_locked() ? std::string("is locked by another program") : std::string(what)) + ": " +
                      problem());
}

bool SqliteFile::execute(const char* sql) noexcept {
    return sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK;
}

SqliteFile::Statement SqliteFile::prepare(const char* sql) noexcept {
    sqlite3_stmt* statement = nullptr;
    sqlite3_prepare_v2(database_.get(), sql, -1, &statement, nullptr);
    return Statement(statement);
}

bool SqliteFile::run(sqlite3_stmt* statement) noexcept {
    const bool is_done = sqlite3_step(statement) == SQLITE_DONE;
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return is_done;
}

std::optional<SqliteFile::Value> SqliteFile::get(RowKey at, std::int64_t now_ms) {
    bind_key(get_.get(), at);
    sqlite3_bind_int64(get_.get(), 3, now_ms);
    const int outcome = sqlite3_step(get_.get());
    Value value;
    if (outcome == SQLITE_ROW) value = {true, bytes_of(get_.get(), 0), sqlite3_column_int64(get_.get(), 1)};
    sqlite3_reset(get_.get());
    if (outcome != SQLITE_ROW && outcome != SQLITE_DONE) return std::nullopt;
    return value;
}

bool SqliteFile::put(RowKey at, std::string_view text, std::int64_t expires_ms) {
    bind_key(put_.get(), at);
    bind_bytes(put_.get(), 3, text);
    if (expires_ms != 0) sqlite3_bind_int64(put_.get(), 4, expires_ms);
    return run(put_.get());
}

bool SqliteFile::remove(RowKey at) {
    bind_key(remove_.get(), at);
    return run(remove_.get());
}

std::optional<SqliteFile::List> SqliteFile::list(RowKey prefix, std::string_view after, std::size_t count,
                                                 std::int64_t now_ms) {
    bind_text(list_.get(), 1, prefix.space);
    bind_bytes(list_.get(), 2, std::max(prefix.key, after));
    bind_bytes(list_.get(), 3, after);
    sqlite3_bind_int64(list_.get(), 4, now_ms);
    List list;
    std::size_t total_bytes = 0;
    int outcome = sqlite3_step(list_.get());
    for (; outcome == SQLITE_ROW; outcome = sqlite3_step(list_.get())) {
        std::string key = bytes_of(list_.get(), 0);
        if (!key.starts_with(prefix.key)) break;
        list.has_more = list.items.size() == count || total_bytes >= kMaxListBytes;
        if (list.has_more) break;
        list.items.emplace_back(std::move(key), bytes_of(list_.get(), 1));
        total_bytes += list.items.back().second.size();
    }
    sqlite3_reset(list_.get());
    sqlite3_clear_bindings(list_.get());
    if (outcome != SQLITE_DONE && outcome != SQLITE_ROW) return std::nullopt;
    return list;
}

std::optional<std::vector<SqliteFile::Part>> SqliteFile::parts(RowKey at, std::int64_t now_us) {
    bind_key(expire_parts_.get(), at);
    sqlite3_bind_int64(expire_parts_.get(), 3, now_us);
    if (!run(expire_parts_.get())) return std::nullopt;
    bind_key(parts_.get(), at);
    std::vector<Part> found;
    int outcome = sqlite3_step(parts_.get());
    for (; outcome == SQLITE_ROW; outcome = sqlite3_step(parts_.get())) {
        found.push_back({sqlite3_column_int64(parts_.get(), 0), sqlite3_column_int64(parts_.get(), 1)});
    }
    sqlite3_reset(parts_.get());
    return outcome == SQLITE_DONE ? std::optional(std::move(found)) : std::nullopt;
}

bool SqliteFile::change_part(RowKey at, Part change) {
    bind_key(add_part_.get(), at);
    sqlite3_bind_int64(add_part_.get(), 3, change.expires_us);
    sqlite3_bind_int64(add_part_.get(), 4, change.amount);
    if (!run(add_part_.get())) return false;
    if (change.amount > 0) return true;
    bind_key(drop_part_.get(), at);
    sqlite3_bind_int64(drop_part_.get(), 3, change.expires_us);
    return run(drop_part_.get());
}

std::optional<int> SqliteFile::expire(std::int64_t now_us, int count) {
    int forgotten = 0;
    bool is_done = true;
    const std::pair<sqlite3_stmt*, std::int64_t> sweeps[] = {{sweep_values_.get(), now_us / 1000},
                                                             {sweep_parts_.get(), now_us}};
    sqlite3_busy_timeout(database_.get(), 0);
    for (const auto& [statement, now] : sweeps) {
        sqlite3_bind_int64(statement, 1, now);
        sqlite3_bind_int(statement, 2, count);
        is_done = run(statement);
        if (!is_done) break;
        forgotten = std::max(forgotten, sqlite3_changes(database_.get()));
    }
    sqlite3_busy_timeout(database_.get(), kBusyTimeoutMs);
    return is_done || is_locked() ? std::optional(forgotten) : std::nullopt;
}

}  // namespace sluice::store
