#include "store/sqlite_store.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>

#include "observability/captured_log.hpp"
#include "sqlite_stage.hpp"

using namespace sluice::store;
using namespace std::chrono_literals;

namespace {

std::string refusal(const std::filesystem::path& path) {
    auto opened = SqliteStore::open(path);
    return opened ? std::string() : opened.error();
}

// Files may not grow beyond `bytes`, as if the disk were full; for the calling process.
void limit_files(rlim_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &limit);
}

// Runs `check` in a child, whose limits and user are its own. True if it gave true.
bool is_true_in_child(const std::function<bool()>& check) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(check() ? 0 : 1);
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// Keeps the file from being written, or used at all, as another program may.
class Locked {
public:
    Locked(const std::filesystem::path& path, const char* how) {
        REQUIRE(sqlite3_open(path.c_str(), &database_) == SQLITE_OK);
        sqlite3_busy_timeout(database_, 5000);  // the store may be sweeping
        REQUIRE(sqlite3_exec(database_, how, nullptr, nullptr, nullptr) == SQLITE_OK);
    }
    ~Locked() { sqlite3_close(database_); }
    Locked(const Locked&) = delete;
    Locked& operator=(const Locked&) = delete;

private:
    sqlite3* database_ = nullptr;
};

constexpr const char* kForWriting = "BEGIN IMMEDIATE";

}  // namespace

TEST_CASE("namespaces of a store know nothing of each other and outlive it", "[sqlite][unit]") {
    SqliteFileStage stage;
    {
        const auto store = stage.open();
        const auto a = store->open_namespace("a");
        const auto b = store->open_namespace("b");
        CHECK(stage.put(*a, "k", "of a").outcome == SLUICE_STORE_OK);
        CHECK(stage.put(*b, "k", "of b").outcome == SLUICE_STORE_OK);
    }
    const auto store = stage.open();
    CHECK(stage.get(*store->open_namespace("a"), "k").value == "of a");
    CHECK(stage.get(*store->open_namespace("b"), "k").value == "of b");
    CHECK(stage.get(*store->open_namespace("c"), "k").outcome == SLUICE_STORE_ABSENT);
}

TEST_CASE("nobody else reads the file of a store", "[sqlite][unit]") {
    SqliteFileStage stage;
    const auto store = stage.open();
    stage.put(*store->open_namespace("a"), "k", "v");
    for (const char* suffix : {"", "-wal", "-shm"}) {
        struct stat status {};
        REQUIRE(::stat((stage.path().string() + suffix).c_str(), &status) == 0);
        CHECK((status.st_mode & 0777) == 0600);
    }
}

TEST_CASE("a store does what one thread asks in that order, reads among writes", "[sqlite][unit]") {
    SqliteFileStage stage;
    const auto store = stage.open();
    const auto space = store->open_namespace("a");
    std::vector<Expected> sums(300);
    std::vector<Expected> reads(300);
    for (std::size_t i = 0; i < sums.size(); ++i) {
        space->add("n", 1, std::nullopt, stage.asker(sums[i]));
        if (i % 7 == 0) space->get("n", stage.asker(reads[i]));
    }
    stage.wait(sums);
    for (std::size_t i = 0; i < sums.size(); ++i) {
        CHECK(sums[i].answer.number == static_cast<std::int64_t>(i) + 1);
        if (i % 7 == 0) CHECK(stage.wait(reads[i]).value == std::to_string(i + 1));
    }
}

TEST_CASE("a quota in a store is taken in wall clock time", "[sqlite][unit]") {
    SqliteFileStage stage;
    const auto store = stage.open();
    const auto space = store->open_namespace("a");
    const auto take = [&] {
        return stage.answer([&](const Asker& who) { space->take("k", {1, 2, 3'600'000'000, false}, who); });
    };
    const auto unix_us =
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
            .count();
    const Answer taken = take();
    CHECK(taken.ticket >= static_cast<std::uint64_t>(unix_us) + 3'600'000'000);
    CHECK(taken.ticket <= static_cast<std::uint64_t>(unix_us) + 3'660'000'000);
    CHECK(take().number == 2);
    CHECK(take().outcome == SLUICE_STORE_REFUSED);
    space->give_back("k", 1, taken.ticket, stage.nobody());
    const Answer renewed =
        stage.answer([&](const Asker& who) { space->renew("k", 1, taken.ticket, 3'600'000'000, who); });
    CHECK(renewed.outcome == SLUICE_STORE_OK);
    CHECK(renewed.number <= 2);
}

TEST_CASE("a store that is destroyed while busy has done and answered what it was asked", "[sqlite][unit]") {
    SqliteFileStage stage;
    std::vector<Expected> all(1000);
    {
        const auto store = stage.open();
        const auto space = store->open_namespace("a");
        for (std::size_t i = 0; i < all.size(); ++i) {
            space->put(std::to_string(i), "v", std::nullopt, stage.asker(all[i]));
        }
    }
    stage.loop.run_ready();
    for (const Expected& each : all) CHECK((each.is_there && each.answer.outcome == SLUICE_STORE_OK));
    CHECK(run_sql(stage.path(), "SELECT count(*) FROM stored") == "1000");
}

TEST_CASE("two stores may have one file open", "[sqlite][unit]") {
    SqliteFileStage stage;
    const auto first = stage.open();
    const auto second = stage.open();
    std::vector<Expected> all(200);
    const auto a = first->open_namespace("a");
    const auto b = second->open_namespace("a");
    for (std::size_t i = 0; i < all.size(); ++i) {
        (i % 2 == 0 ? a : b)->add("n", 1, std::nullopt, stage.asker(all[i]));
    }
    stage.wait(all);
    CHECK(stage.get(*a, "n").value == "200");
}

TEST_CASE("what has expired leaves the file without being asked for", "[sqlite][unit]") {
    SqliteFileStage stage;
    {
        const auto store = stage.open();
        stage.put(*store->open_namespace("a"), "k", "v", 1ms);
        stage.put(*store->open_namespace("a"), "kept", "v", 1h);
    }
    const auto store = stage.open();
    const auto is_gone = [&] { return run_sql(stage.path(), "SELECT count(*) FROM stored") == "1"; };
    CHECK(stage.loop.run_until(is_gone, 10s));
}

TEST_CASE("a file that is damaged, foreign or newer is refused and left as it is", "[sqlite][unit]") {
    SqliteFileStage stage;
    const auto [kind, reason] = GENERATE(table<std::string, std::string>({
        {"damaged", "found no SQLite file, expected one: file is not a database"},
        {"foreign", "found tables of another program, expected those of a store"},
        {"newer", "found version 7, expected at most 1: it was written by a newer gateway"},
    }));
    if (kind == "damaged") std::ofstream(stage.path()) << std::string(5000, 'x');
    if (kind == "foreign") run_sql(stage.path(), "CREATE TABLE other (a)");
    if (kind == "newer") run_sql(stage.path(), "PRAGMA user_version = 7");
    const std::string before = content_of(stage.path());
    CHECK(refusal(stage.path()) == "store " + stage.path().string() + ": " + reason);
    CHECK(content_of(stage.path()) == before);
}

TEST_CASE("a file with a damaged page is refused and left as it is", "[sqlite][unit]") {
    SqliteFileStage stage;
    {
        const auto store = stage.open();
        const auto space = store->open_namespace("a");
        std::vector<Expected> all(500);
        for (std::size_t i = 0; i < all.size(); ++i) {
            space->put(std::to_string(i), std::string(100, 'v'), std::nullopt, stage.asker(all[i]));
        }
        stage.wait(all);
    }
    constexpr std::streamoff kPageSize = 4096;
    REQUIRE(content_of(stage.path()).size() > 8 * kPageSize);
    {
        std::fstream file(stage.path(), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(6 * kPageSize);
        file << std::string(kPageSize, '\xff');
    }
    const std::string before = content_of(stage.path());
    CHECK_THAT(refusal(stage.path()), Catch::StartsWith("store " + stage.path().string() + ": is damaged: "));
    CHECK(content_of(stage.path()) == before);
}

TEST_CASE("a file that cannot be made is refused with its name", "[sqlite][unit]") {
    SqliteFileStage stage;
    const auto path = stage.folder.path() / "missing" / "store.db";
    CHECK(refusal(path) == "store " + path.string() + ": cannot be opened: No such file or directory");
}

TEST_CASE("a folder that must not be written in is refused", "[sqlite][unit]") {
    CHECK(is_true_in_child([] {
        SqliteFileStage stage;
        constexpr uid_t kNobody = 65534;
        const uid_t user = ::geteuid();
        if (::chmod(stage.folder.path().c_str(), 0555) != 0 || (user == 0 && ::seteuid(kNobody) != 0)) return false;
        const std::string problem = refusal(stage.path());
        return ::seteuid(user) == 0 &&
               problem == "store " + stage.path().string() + ": cannot be opened: Permission denied";
    }));
}

TEST_CASE("a file that stays locked while it is opened is refused in bounded time", "[sqlite][unit]") {
    SqliteFileStage stage;
    run_sql(stage.path(), "PRAGMA user_version = 0; CREATE TABLE t (a); DROP TABLE t");
    const Locked lock(stage.path(), "BEGIN EXCLUSIVE");
    CHECK_THAT(refusal(stage.path()),
               Catch::StartsWith("store " + stage.path().string() + ": is locked by another program: "));
}

TEST_CASE("while the file stays locked writes fail in bounded time, reads go on, and one line is logged",
          "[sqlite][unit]") {
    CapturedLog log;
    SqliteFileStage stage;
    const auto store = stage.open();
    const auto space = store->open_namespace("a");
    stage.put(*space, "k", "old");
    std::vector<Expected> writes(2000);
    Expected read;
    const auto begin = std::chrono::steady_clock::now();
    {
        const Locked lock(stage.path(), kForWriting);
        space->get("k", stage.asker(read));
        for (Expected& write : writes) space->put("k", "new", std::nullopt, stage.asker(write));
        stage.wait(writes);
    }
    CHECK(std::chrono::steady_clock::now() - begin < 15s);
    CHECK(stage.wait(read).value == "old");
    for (const Expected& write : writes) {
        CHECK(write.answer.outcome == SLUICE_STORE_FAILED);
        CHECK(write.answer.value == stage.path().string() + ": database is locked");
    }
    CHECK(log.lines_with("store_failing").size() == 1);
    CHECK(log.lines_with("store_recovered").empty());
    CHECK(stage.put(*space, "k", "new").outcome == SLUICE_STORE_OK);
    CHECK(log.lines_with("store_failing").size() == 1);
    CHECK(log.lines_with("store_recovered").size() == 1);
}

TEST_CASE("more than a store's queue holds is refused at once, and the rest is done", "[sqlite][unit]") {
    SqliteFileStage stage;
    const bool are_large = GENERATE(false, true);
    const std::string value(are_large ? 4u << 20 : 1, 'x');
    const auto store = stage.open();
    const auto space = store->open_namespace("a");
    std::vector<Expected> all(are_large ? 40 : 9000);  // two queues and some: the thread may have taken up one whole
    {
        const Locked lock(stage.path(), kForWriting);
        Expected first;
        space->put("k", "v", std::nullopt, stage.asker(first));
        for (Expected& each : all) space->put("k", value, std::nullopt, stage.asker(each));
        // Answered inside the call: those that were refused.
        CHECK(all.back().is_there);
        CHECK(all.back().answer.outcome == SLUICE_STORE_FAILED);
        CHECK_THAT(all.back().answer.value, Catch::Contains("waiting"));
        stage.wait(first);
    }
    stage.wait(all);
    CHECK(stage.put(*space, "k", value).outcome == SLUICE_STORE_OK);
}

TEST_CASE("on a full disk writes fail with one line in the log, until there is room again", "[sqlite][unit]") {
    CHECK(is_true_in_child([] {
        CapturedLog log;
        SqliteFileStage stage;
        const auto store = stage.open();
        const auto space = store->open_namespace("a");
        const std::string large(100'000, 'x');
        limit_files(64 * 1024);
        bool is_right = true;
        for (int i = 0; i < 3; ++i) {
            const Answer answer = stage.put(*space, "large", large);
            is_right = is_right && answer.outcome == SLUICE_STORE_FAILED && !answer.value.empty() &&
                       stage.get(*space, "large").outcome == SLUICE_STORE_ABSENT;
        }
        is_right = is_right && log.lines_with("store_failing").size() == 1;
        limit_files(1 << 20);
        is_right = is_right && stage.put(*space, "large", large).outcome == SLUICE_STORE_OK;
        return is_right && log.lines_with("store_recovered").size() == 1;
    }));
}

TEST_CASE("a write that cannot be done takes no others with it", "[sqlite][unit]") {
    CHECK(is_true_in_child([] {
        SqliteFileStage stage;
        const auto store = stage.open();
        const auto space = store->open_namespace("a");
        limit_files(64 * 1024);
        std::vector<Expected> all(3);
        space->put("first", "v", std::nullopt, stage.asker(all[0]));
        space->put("large", std::string(100'000, 'x'), std::nullopt, stage.asker(all[1]));
        space->put("last", "v", std::nullopt, stage.asker(all[2]));
        stage.wait(all);
        return all[0].answer.outcome == SLUICE_STORE_OK && all[1].answer.outcome == SLUICE_STORE_FAILED &&
               all[2].answer.outcome == SLUICE_STORE_OK && stage.get(*space, "last").value == "v" &&
               stage.get(*space, "large").outcome == SLUICE_STORE_ABSENT;
    }));
}
