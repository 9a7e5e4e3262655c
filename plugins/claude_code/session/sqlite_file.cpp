#include "session/sqlite_file.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <sluice/cpp/error.hpp>

#include <cerrno>
#include <cstring>

namespace sluice::claude_code {
namespace {

constexpr int kVersion = 1;
constexpr int kBusyTimeoutMs = 5000;

constexpr const char* kSchema =
    "CREATE TABLE sessions (id TEXT PRIMARY KEY, owner TEXT NOT NULL, model TEXT NOT NULL, system_prompt TEXT NOT NULL,"
    " created_unix_ms INTEGER NOT NULL, last_used_unix_ms INTEGER NOT NULL, expires_unix_ms INTEGER NOT NULL)"
    " WITHOUT ROWID; PRAGMA user_version = 1";
constexpr const char* kRecord = "SELECT id, owner, model, system_prompt, created_unix_ms, last_used_unix_ms ";

void bind(sqlite3_stmt* statement, int at, const std::string& text) {
    sqlite3_bind_text64(statement, at, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

std::string text_of(sqlite3_stmt* statement, int column) {
    // The length is asked for after the text, and has the NUL characters in it.
    const auto* const text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
    return text == nullptr ? std::string()
                           : std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(statement, column)));
}

SessionRecord record_of(sqlite3_stmt* statement) {
    return SessionRecord{text_of(statement, 0),
                         text_of(statement, 1),
                         text_of(statement, 2),
                         text_of(statement, 3),
                         std::chrono::milliseconds(sqlite3_column_int64(statement, 4)),
                         std::chrono::milliseconds(sqlite3_column_int64(statement, 5))};
}

int read_version(sqlite3_stmt* statement) {
    return sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int(statement, 0) : -1;
}

}  // namespace

SqliteFile::SqliteFile(const std::string& path) : path_(path) {
    // Made here, so that it is nobody else's from the first moment on; its log gets the same mode.
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) refuse(std::string("cannot be opened: ") + std::strerror(errno));
    ::close(descriptor);
    sqlite3* database = nullptr;
    const int opened = sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    database_.reset(database);
    if (opened != SQLITE_OK) refuse("cannot be opened: " + problem());
    sqlite3_busy_timeout(database, kBusyTimeoutMs);
    prepare_schema();
    load_ = prepare((std::string(kRecord) + "FROM sessions WHERE id = ?1").c_str());
    save_ = prepare("INSERT OR REPLACE INTO sessions VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
    erase_ = prepare("DELETE FROM sessions WHERE id = ?1");
    list_ = prepare((std::string(kRecord) + "FROM sessions WHERE id > ?1 ORDER BY id LIMIT ?2").c_str());
    expire_ = prepare("DELETE FROM sessions WHERE expires_unix_ms < ?1");
}

void SqliteFile::refuse(const std::string& reason) const {
    throw Error("backend_unavailable", "session store " + path_ + ": " + reason);
}

// Looked at before anything is written: a file that is not ours stays as it is.
void SqliteFile::prepare_schema() {
    const int found = read_version(prepare("PRAGMA user_version").get());
    if (found < 0) refuse("found no SQLite file of sessions: " + problem());
    if (found > kVersion) {
        refuse("found version " + std::to_string(found) + ", expected at most " + std::to_string(kVersion) +
               ": it was written by a newer gateway");
    }
    const auto has_tables = [this] { return sqlite3_step(prepare("SELECT 1 FROM sqlite_schema").get()) == SQLITE_ROW; };
    if (found == 0 && has_tables()) refuse("found tables of another program, expected those of a session store");
    if (!execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")) refuse("cannot be written: " + problem());
    if (found == kVersion) {
        const Statement check = prepare("PRAGMA quick_check(1)");
        if (sqlite3_step(check.get()) != SQLITE_ROW) refuse("is damaged: " + problem());
        if (text_of(check.get(), 0) != "ok") refuse("is damaged: " + text_of(check.get(), 0));
        return;
    }
    if (!begin()) refuse("cannot be written: " + problem());
    // Another one may have made it meanwhile.
    const bool is_made = read_version(prepare("PRAGMA user_version").get()) == kVersion || execute(kSchema);
    if (!is_made || !commit()) refuse("cannot be written: " + problem());
}

bool SqliteFile::execute(const char* sql) noexcept {
    return sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK;
}

SqliteFile::Statement SqliteFile::prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(database_.get(), sql, -1, &statement, nullptr) != SQLITE_OK) {
        refuse("is damaged, or no SQLite file of sessions: " + problem());
    }
    return Statement(statement);
}

bool SqliteFile::run(sqlite3_stmt* statement) noexcept {
    const bool is_done = sqlite3_step(statement) == SQLITE_DONE;
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return is_done;
}

StoreOutcome SqliteFile::load(const std::string& id, SessionRecord& record) {
    bind(load_.get(), 1, id);
    const int outcome = sqlite3_step(load_.get());
    if (outcome == SQLITE_ROW) record = record_of(load_.get());
    sqlite3_reset(load_.get());
    if (outcome == SQLITE_ROW) return StoreOutcome::kOk;
    return outcome == SQLITE_DONE ? StoreOutcome::kMissing : StoreOutcome::kFailed;
}

bool SqliteFile::save(const SessionRecord& record, std::chrono::milliseconds expires) {
    bind(save_.get(), 1, record.id);
    bind(save_.get(), 2, record.owner);
    bind(save_.get(), 3, record.model);
    bind(save_.get(), 4, record.system_prompt);
    sqlite3_bind_int64(save_.get(), 5, record.created.count());
    sqlite3_bind_int64(save_.get(), 6, record.last_used.count());
    sqlite3_bind_int64(save_.get(), 7, expires.count());
    return run(save_.get());
}

bool SqliteFile::erase(const std::string& id) {
    bind(erase_.get(), 1, id);
    return run(erase_.get());
}

std::optional<std::vector<SessionRecord>> SqliteFile::list(const std::string& after, int count) {
    bind(list_.get(), 1, after);
    sqlite3_bind_int(list_.get(), 2, count);
    std::vector<SessionRecord> records;
    int outcome = sqlite3_step(list_.get());
    for (; outcome == SQLITE_ROW; outcome = sqlite3_step(list_.get())) records.push_back(record_of(list_.get()));
    sqlite3_reset(list_.get());
    return outcome == SQLITE_DONE ? std::optional(std::move(records)) : std::nullopt;
}

bool SqliteFile::expire(std::chrono::milliseconds now) {
    sqlite3_bind_int64(expire_.get(), 1, now.count());
    return run(expire_.get());
}

}  // namespace sluice::claude_code
