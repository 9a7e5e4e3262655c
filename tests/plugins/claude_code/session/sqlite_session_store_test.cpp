#include "session/sqlite_session_store.hpp"

#include <sqlite3.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <catch2/catch.hpp>
#include <sluice/cpp/error.hpp>
#include <sluice/testing/fake_host.hpp>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

using namespace sluice::claude_code;
using namespace std::chrono_literals;
using sluice::Host;
using sluice::testing::FakeHost;

namespace {

struct StoreStage {
    StoreStage() { REQUIRE(::mkdtemp(folder) != nullptr); }
    ~StoreStage() { std::filesystem::remove_all(folder); }
    std::string path() const { return std::string(folder) + "/sessions.sqlite"; }
    std::unique_ptr<SqliteSessionStore> open() {
        return std::make_unique<SqliteSessionStore>(path(), Host(host).loops().at(0), Host(host).log());
    }
    StoreOutcome save(SessionStore& store, const SessionRecord& record, std::chrono::milliseconds keep = 1h) {
        return wait([&](auto done) { store.save(record, keep, done); });
    }
    StoreOutcome erase(SessionStore& store, const std::string& id) {
        return wait([&](auto done) { store.erase(id, done); });
    }
    StoreOutcome load(SessionStore& store, const std::string& id) {
        return wait([&](auto done) {
            store.load(id, [this, done](StoreOutcome outcome, SessionRecord record) {
                loaded = std::move(record);
                done(outcome);
            });
        });
    }
    std::size_t count(SessionStore& store) {
        std::size_t total = 0;
        wait([&](auto done) {
            store.list([&total, done](StoreOutcome outcome, const std::vector<SessionRecord>& records) {
                total += records.size();
                if (records.empty()) done(outcome);
            });
        });
        return total;
    }
    template <class Ask>
    StoreOutcome wait(Ask ask) {
        bool is_told = false;
        StoreOutcome told{};
        ask([&](StoreOutcome outcome) {
            told = outcome;
            is_told = true;
        });
        REQUIRE(host.loop().run_until([&] { return is_told; }, 20s));
        return told;
    }

    std::size_t failure_lines() {
        const auto lines = host.log().lines();
        return static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), [](const auto& line) {
            return line.level == SLUICE_LOG_ERROR && line.message.find("sessions cannot be") != std::string::npos;
        }));
    }

    char folder[32] = "/tmp/sqlite_store_XXXXXX";
    FakeHost host;
    SessionRecord loaded;
};

SessionRecord session(const std::string& id, const std::string& prompt = "Be brief.") {
    return SessionRecord{id, "alice", "sonnet", prompt, 1ms, 2ms};
}

// Gives the first column of the last row.
std::string run_sql(const std::string& path, const char* sql) {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
    std::string value;
    const auto take = [](void* out, int, char** columns, char**) {
        *static_cast<std::string*>(out) = columns[0] == nullptr ? "" : columns[0];
        return 0;
    };
    CHECK(sqlite3_exec(database, sql, take, &value, nullptr) == SQLITE_OK);
    sqlite3_close(database);
    return value;
}

std::string content_of(const std::string& path) { return (std::ostringstream() << std::ifstream(path).rdbuf()).str(); }

// Files may not grow beyond `bytes`, as if the disk were full; for the calling process.
void limit_files(rlim_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &limit);
}

// Runs `check` in a child, whose limits are its own. True if it gave true.
bool is_true_in_child(const std::function<bool()>& check) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(check() ? 0 : 1);
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

constexpr int kAcknowledged = 300;

// Stores sessions whose ids are numbers, and writes each number down once it is acknowledged.
[[noreturn]] void store_until_killed(const std::string& path, int acknowledged) {
    FakeHost host;
    SqliteSessionStore store(path, Host(host).loops().at(0), Host(host).log());
    for (int id = 0; id < 1000; ++id) {
        store.save(session(std::to_string(id)), 1h, [acknowledged, id](StoreOutcome outcome) {
            if (outcome == StoreOutcome::kOk && ::write(acknowledged, &id, sizeof(id)) != sizeof(id)) ::_exit(1);
        });
        host.loop().run_ready();
    }
    host.loop().run_until([] { return false; }, 30s);
    ::_exit(0);
}

}  // namespace

TEST_CASE("a stored session survives reopening, whatever its texts are", "[claude_code][unit]") {
    StoreStage stage;
    const std::string prompt = GENERATE(std::string("a\0b", 3), std::string("'); DROP TABLE sessions; --"),
                                        std::string("\xe2\x82\xac"), std::string(1u << 20, 'x'));
    CHECK(stage.save(*stage.open(), session("x' OR '1'='1", prompt)) == StoreOutcome::kOk);
    const auto store = stage.open();
    CHECK(stage.load(*store, "x' OR '1'='1") == StoreOutcome::kOk);
    CHECK(stage.loaded.system_prompt == prompt);
    CHECK(stage.loaded.last_used == 2ms);
    CHECK(stage.load(*store, "other") == StoreOutcome::kMissing);
    CHECK(stage.erase(*store, "x' OR '1'='1") == StoreOutcome::kOk);
    CHECK(stage.load(*store, "x' OR '1'='1") == StoreOutcome::kMissing);
}

TEST_CASE("all sessions are listed, and nobody else reads the file", "[claude_code][unit]") {
    StoreStage stage;
    const auto store = stage.open();
    for (int i = 0; i < 600; ++i) store->save(session(std::to_string(i)), 1h, [](StoreOutcome) {});
    CHECK(stage.count(*store) == 600);
    struct stat status {};
    REQUIRE(::stat(stage.path().c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("what was kept long enough is listed once more and then forgotten", "[claude_code][unit]") {
    StoreStage stage;
    stage.save(*stage.open(), session("expired"), -1ms);
    const auto store = stage.open();
    stage.save(*store, session("kept"));
    CHECK(stage.count(*store) == 2);
    CHECK(stage.count(*store) == 1);
    CHECK(stage.load(*store, "expired") == StoreOutcome::kMissing);
    CHECK(stage.load(*store, "kept") == StoreOutcome::kOk);
}

TEST_CASE("two stores may have one file open", "[claude_code][unit]") {
    StoreStage stage;
    const auto first = stage.open();
    const auto second = stage.open();
    for (int i = 0; i < 50; ++i) {
        first->save(session("a" + std::to_string(i)), 1h, [](StoreOutcome) {});
        second->save(session("b" + std::to_string(i)), 1h, [](StoreOutcome) {});
    }
    CHECK(stage.save(*first, session("last")) == StoreOutcome::kOk);
    CHECK(stage.save(*second, session("very last")) == StoreOutcome::kOk);
    CHECK(stage.count(*first) == 102);
}

TEST_CASE("a store that is destroyed while busy answers no more, and has stored what it was asked",
          "[claude_code][unit]") {
    StoreStage stage;
    int told = 0;
    {
        const auto store = stage.open();
        for (int i = 0; i < 100; ++i) store->save(session(std::to_string(i)), 1h, [&told](StoreOutcome) { ++told; });
    }
    stage.host.loop().run_ready();
    CHECK(told == 0);
    CHECK(stage.count(*stage.open()) == 100);
}

TEST_CASE("a store is destroyed while its loop runs on another thread", "[claude_code][unit]") {
    StoreStage stage;
    std::unique_ptr<SqliteSessionStore> store;
    std::atomic<bool> is_over = false;
    std::atomic<int> told = 0;
    std::promise<void> asked;
    std::thread home([&] {
        FakeHost host;
        const sluice::Loop loop = Host(host).loops().at(0);
        store = std::make_unique<SqliteSessionStore>(stage.path(), loop, Host(host).log());
        for (int i = 0; i < 500; ++i) {
            store->save(session(std::to_string(i)), 1h, [&told](StoreOutcome) { ++told; });
            if (i % 10 == 0) store->load(std::to_string(i), [&told](StoreOutcome, const SessionRecord&) { ++told; });
            if (i % 100 == 0) store->list([&told](StoreOutcome, const std::vector<SessionRecord>&) { ++told; });
        }
        asked.set_value();
        host.loop().run_until([&is_over] { return is_over.load(); }, 20s);
        host.loop().run_ready();
    });
    asked.get_future().wait();
    store.reset();
    const int told_before = told;
    is_over = true;
    home.join();
    CHECK(told == told_before);
    CHECK(stage.count(*stage.open()) == 500);
}

TEST_CASE("a file that is damaged, foreign or newer is refused and left as it is", "[claude_code][unit]") {
    StoreStage stage;
    const std::string kind = GENERATE("damaged", "foreign", "newer");
    if (kind == "damaged") std::ofstream(stage.path()) << std::string(5000, 'x');
    if (kind == "foreign") run_sql(stage.path(), "CREATE TABLE other (a)");
    if (kind == "newer") run_sql(stage.path(), "PRAGMA user_version = 7");
    const std::string before = content_of(stage.path());
    CHECK_THROWS_WITH(stage.open(), Catch::Contains(stage.path()));
    CHECK(content_of(stage.path()) == before);
}

TEST_CASE("a file with a damaged page is refused and left as it is", "[claude_code][unit]") {
    StoreStage stage;
    {
        const auto store = stage.open();
        for (int i = 0; i < 300; ++i) stage.save(*store, session(std::to_string(i)));
    }
    constexpr std::streamoff kPageSize = 4096;
    REQUIRE(content_of(stage.path()).size() > 4 * kPageSize);
    {
        std::fstream file(stage.path(), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(3 * kPageSize);
        file << std::string(kPageSize, '\xff');
    }
    const std::string before = content_of(stage.path());
    CHECK_THROWS_WITH(stage.open(), Catch::Contains(stage.path() + ": is damaged: "));
    CHECK(content_of(stage.path()) == before);
}

TEST_CASE("a file that cannot be made is refused with its name", "[claude_code][unit]") {
    StoreStage stage;
    const std::string path = std::string(stage.folder) + "/missing/sessions.sqlite";
    CHECK_THROWS_WITH(SqliteSessionStore(path, Host(stage.host).loops().at(0), Host(stage.host).log()),
                      Catch::Contains(path + ": cannot be opened: No such file or directory"));
}

TEST_CASE("a folder that must not be written in is refused", "[claude_code][unit]") {
    CHECK(is_true_in_child([] {
        StoreStage stage;
        constexpr uid_t kNobody = 65534;
        const uid_t user = ::geteuid();
        if (::chmod(stage.folder, 0555) != 0 || (user == 0 && ::seteuid(kNobody) != 0)) return false;
        std::string problem;
        try {
            stage.open();
        } catch (const sluice::Error& error) {
            problem = error.what();
        }
        return ::seteuid(user) == 0 && ::chmod(stage.folder, 0755) == 0 &&
               problem.find(stage.path() + ": cannot be opened: Permission denied") != std::string::npos;
    }));
}

TEST_CASE("on a full disk saving fails with one line in the log, until there is room again", "[claude_code][unit]") {
    CHECK(is_true_in_child([] {
        StoreStage stage;
        const auto store = stage.open();
        const SessionRecord large = session("large", std::string(100'000, 'x'));
        limit_files(64 * 1024);
        bool is_right = true;
        for (int i = 0; i < 3; ++i) is_right = is_right && stage.save(*store, large) == StoreOutcome::kFailed;
        is_right = is_right && stage.failure_lines() == 1 && stage.load(*store, "large") == StoreOutcome::kMissing;
        limit_files(1 << 20);
        is_right = is_right && stage.save(*store, large) == StoreOutcome::kOk;
        limit_files(64 * 1024);
        is_right = is_right && stage.save(*store, session("l2", std::string(900'000, 'x'))) == StoreOutcome::kFailed;
        return is_right && stage.failure_lines() == 2;
    }));
}

TEST_CASE("a write that cannot be done takes no others with it", "[claude_code][unit]") {
    CHECK(is_true_in_child([] {
        StoreStage stage;
        const auto store = stage.open();
        limit_files(64 * 1024);
        std::vector<StoreOutcome> outcomes;
        const auto note = [&outcomes](StoreOutcome outcome) { outcomes.push_back(outcome); };
        store->save(session("first"), 1h, note);
        store->save(session("large", std::string(100'000, 'x')), 1h, note);
        const bool is_last_kept = stage.save(*store, session("last")) == StoreOutcome::kOk;
        return is_last_kept && outcomes == std::vector{StoreOutcome::kOk, StoreOutcome::kFailed} &&
               stage.count(*store) == 2 && stage.failure_lines() == 1;
    }));
}

TEST_CASE("what was acknowledged survives a kill", "[claude_code][unit]") {
    StoreStage stage;
    int acknowledged[2];
    REQUIRE(::pipe(acknowledged) == 0);
    const pid_t child = ::fork();
    if (child == 0) store_until_killed(stage.path(), acknowledged[1]);
    ::close(acknowledged[1]);
    std::vector<int> ids;
    for (int id = 0; ::read(acknowledged[0], &id, sizeof(id)) == sizeof(id);) {
        ids.push_back(id);
        if (ids.size() == kAcknowledged) ::kill(child, SIGKILL);
    }
    ::close(acknowledged[0]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
    CHECK(ids.size() >= kAcknowledged);
    {
        const auto store = stage.open();
        for (const int id : ids) CHECK(stage.load(*store, std::to_string(id)) == StoreOutcome::kOk);
    }
    CHECK(run_sql(stage.path(), "PRAGMA integrity_check") == "ok");
}
