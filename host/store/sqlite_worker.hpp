#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "store/asker.hpp"
#include "store/sqlite_file.hpp"
#include "store/sqlite_operations.hpp"

namespace sluice::store {

/// The thread of a SqliteStore: does what it is asked in that order. Writes that wait are one transaction and answered
/// after its commit; a read sees what was asked before it. When idle it forgets what has expired.
class SqliteWorker {
public:
    SqliteWorker(std::unique_ptr<SqliteFile> file, std::string path);
    /// Does and answers what was asked before, and ends the thread.
    ~SqliteWorker();
    SqliteWorker(const SqliteWorker&) = delete;
    SqliteWorker& operator=(const SqliteWorker&) = delete;

    /// Never waits: where too much is waiting already, the answer is SLUICE_STORE_FAILED. [any-thread]
    void ask(SqliteOperation operation, const Asker& asker);

private:
    struct Job {
        SqliteOperation operation;
        Asker asker;
    };
    /// Whether reads, or writes, fail: one line in the log for a row of failures.
    struct Health {
        const char* what;
        bool is_failing = false;
    };

    bool enqueue(SqliteOperation& operation, const Asker& asker);
    void run() noexcept;
    void work_off(std::deque<Job> jobs);
    void write_all(std::vector<Job>& writes);
    /// The answers, if all is done and will outlive a crash; nothing is done otherwise.
    std::optional<std::vector<Answer>> write_together(std::span<Job> writes);
    void read(const Job& job);
    void keep_problem();
    /// True if as much was forgotten as is at a time: there may be more.
    bool sweep();
    void note(Health& health, bool is_done);

    std::unique_ptr<SqliteFile> file_;  // the thread's
    const std::string path_;
    std::mutex mutex_;  // of the four below
    std::condition_variable changed_;
    std::deque<Job> waiting_;
    std::size_t waiting_bytes_ = 0;
    bool is_ending_ = false;
    // The thread's.
    Health reading_{"read"};
    Health writing_{"written"};
    std::string problem_;     // of the last operation that failed
    bool is_locked_ = false;  // somebody has kept the file locked for too long: no more waiting in this round
    std::thread thread_;
};

}  // namespace sluice::store
