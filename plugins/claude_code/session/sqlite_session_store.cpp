#include "session/sqlite_session_store.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "session/sqlite_file.hpp"

namespace sluice::claude_code {
namespace {

constexpr std::size_t kMaxWaiting = 4096;
constexpr int kPiece = 256;

std::chrono::milliseconds unix_now() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch());
}

// What is asked of the file, and how its outcome is told at home. Writes that wait are done as one transaction, and
// told of after it; a read sees what was asked for before it.
struct Job {
    std::function<bool(SqliteFile&)> write;
    std::function<void(SqliteFile&)> read;
    SessionStore::Done done;
};

}  // namespace

struct SqliteSessionStore::Worker {
    Worker(const std::string& path, Loop home_loop, Log host_log) : file(path), home(home_loop), log(host_log) {}

    bool ask(Job job);
    void run() noexcept;
    void work_off(std::deque<Job>& jobs);
    void write_all(std::vector<Job>& writes);
    enum class Written { kAll, kNone, kNotBegun };
    Written write(std::span<const Job> writes);
    void list(std::shared_ptr<Listed> piece);
    void expire();
    void note_read(StoreOutcome outcome);
    void note(bool& is_failing, bool has_failed, const char* what, const std::string& problem);
    void answer(std::function<void()> tell);
    void end();

    SqliteFile file;  // the thread's
    const Loop home;
    const Log log;
    std::mutex mutex;  // of the three below
    std::condition_variable changed;
    std::deque<Job> waiting;
    bool is_ending = false;
    // Held while an answer is told, so that none is told once the store is gone; an answer may itself destroy it.
    std::recursive_mutex telling;
    bool is_open = true;
    // The thread's: one line for a row of failures.
    bool is_writing_failing = false;
    bool is_reading_failing = false;
    std::string write_problem;  // of the last write that failed
    std::thread thread;

    std::shared_ptr<Worker> self;  // for answers under way; until the end
};

bool SqliteSessionStore::Worker::ask(Job job) {
    const std::lock_guard lock(mutex);
    if (waiting.size() >= kMaxWaiting) return false;
    waiting.push_back(std::move(job));
    changed.notify_one();
    return true;
}

void SqliteSessionStore::Worker::run() noexcept {
    std::unique_lock lock(mutex);
    for (;;) {
        changed.wait(lock, [this] { return is_ending || !waiting.empty(); });
        if (waiting.empty()) return;
        std::deque<Job> jobs;
        jobs.swap(waiting);
        lock.unlock();
        work_off(jobs);
        lock.lock();
    }
}

void SqliteSessionStore::Worker::work_off(std::deque<Job>& jobs) {
    std::vector<Job> writes;
    for (Job& job : jobs) {
        if (job.write) {
            writes.push_back(std::move(job));
            continue;
        }
        write_all(writes);
        job.read(file);
    }
    write_all(writes);
}

// All as one transaction. If that fails they are done one by one, so that none is lost for another's sake; but not
// where no transaction can be begun: each would wait for it again.
void SqliteSessionStore::Worker::write_all(std::vector<Job>& writes) {
    if (writes.empty()) return;
    Written written = write(writes);
    std::vector<bool> are_done(writes.size(), written == Written::kAll);
    for (std::size_t at = 0; at < writes.size() && written != Written::kNotBegun && writes.size() > 1; ++at) {
        if (are_done[at]) break;
        written = write(std::span(writes).subspan(at, 1));
        are_done[at] = written == Written::kAll;
    }
    const bool has_failed = std::find(are_done.begin(), are_done.end(), false) != are_done.end();
    note(is_writing_failing, has_failed, "sessions cannot be stored: ", write_problem);
    for (std::size_t at = 0; at < writes.size(); ++at) {
        const StoreOutcome outcome = are_done[at] ? StoreOutcome::kOk : StoreOutcome::kFailed;
        answer([done = std::move(writes[at].done), outcome] { done(outcome); });
    }
    writes.clear();
}

SqliteSessionStore::Worker::Written SqliteSessionStore::Worker::write(std::span<const Job> writes) {
    const bool is_begun = file.begin();
    const auto do_write = [this](const Job& job) { return job.write(file); };
    if (is_begun && std::all_of(writes.begin(), writes.end(), do_write) && file.commit()) return Written::kAll;
    write_problem = file.problem();
    file.roll_back();
    return is_begun ? Written::kNone : Written::kNotBegun;
}

void SqliteSessionStore::Worker::list(std::shared_ptr<Listed> piece) {
    std::string after;
    StoreOutcome outcome = StoreOutcome::kOk;
    for (bool is_last = false; !is_last;) {
        auto records = file.list(after, kPiece);
        if (!records) outcome = StoreOutcome::kFailed;
        is_last = !records || records->empty();
        if (!is_last) after = records->back().id;
        // The last one is the thread's no more.
        auto told = is_last ? std::move(piece) : piece;
        answer([told = std::move(told), outcome, given = std::move(records).value_or(std::vector<SessionRecord>())] {
            (*told)(outcome, given);
        });
    }
    note_read(outcome);
    // After they were seen once more: who lists them may have something to do at their end.
    if (outcome == StoreOutcome::kOk) expire();
}

void SqliteSessionStore::Worker::note_read(StoreOutcome outcome) {
    const bool has_failed = outcome == StoreOutcome::kFailed;
    note(is_reading_failing, has_failed, "sessions cannot be read: ", has_failed ? file.problem() : std::string());
}

void SqliteSessionStore::Worker::expire() {
    // Nothing to forget is no sign that anything can be written.
    if (!file.expire(unix_now())) note(is_writing_failing, true, "sessions cannot be stored: ", file.problem());
}

void SqliteSessionStore::Worker::note(bool& is_failing, bool has_failed, const char* what, const std::string& problem) {
    if (has_failed && !is_failing) log.error(what + problem);
    is_failing = has_failed;
}

void SqliteSessionStore::Worker::answer(std::function<void()> tell) {
    home.post([worker = self, tell = std::move(tell)]() noexcept {
        const std::lock_guard lock(worker->telling);
        if (worker->is_open) tell();
    });
}

void SqliteSessionStore::Worker::end() {
    {
        const std::lock_guard lock(telling);
        is_open = false;
    }
    {
        const std::lock_guard lock(mutex);
        is_ending = true;
        changed.notify_one();
    }
    thread.join();
    self.reset();
    if (home.is_current()) return;
    // Answers under way are this library's code: they have run when the store is gone.
    std::promise<void> passed;
    if (home.post([&passed]() noexcept { passed.set_value(); }) == SLUICE_OK) passed.get_future().wait();
}

SqliteSessionStore::SqliteSessionStore(const std::string& path, Loop home, Log log)
    : worker_(std::make_shared<Worker>(path, home, log)) {
    worker_->self = worker_;
    worker_->thread = std::thread([worker = worker_.get()] { worker->run(); });
}

SqliteSessionStore::~SqliteSessionStore() { worker_->end(); }

// What is to be told goes home with the answer, so that it is never the thread that destroys it.
void SqliteSessionStore::load(const std::string& id, Loaded done) {
    const auto shared = std::make_shared<Loaded>(std::move(done));
    Job job;
    job.read = [worker = worker_.get(), id, told = shared](SqliteFile& file) mutable {
        SessionRecord record;
        const StoreOutcome outcome = file.load(id, record);
        worker->note_read(outcome);
        worker->answer([told = std::move(told), outcome, record = std::move(record)] { (*told)(outcome, record); });
    };
    if (!worker_->ask(std::move(job))) (*shared)(StoreOutcome::kFailed, {});
}

void SqliteSessionStore::save(const SessionRecord& record, std::chrono::milliseconds keep, Done done) {
    Job job;
    job.write = [record, expires = unix_now() + keep](SqliteFile& file) { return file.save(record, expires); };
    job.done = done;
    if (!worker_->ask(std::move(job))) done(StoreOutcome::kFailed);
}

void SqliteSessionStore::erase(const std::string& id, Done done) {
    Job job;
    job.write = [id](SqliteFile& file) { return file.erase(id); };
    job.done = done;
    if (!worker_->ask(std::move(job))) done(StoreOutcome::kFailed);
}

void SqliteSessionStore::list(Listed piece) {
    const auto shared = std::make_shared<Listed>(std::move(piece));
    Job job;
    job.read = [worker = worker_.get(), told = shared](SqliteFile&) mutable { worker->list(std::move(told)); };
    if (!worker_->ask(std::move(job))) (*shared)(StoreOutcome::kFailed, {});
}

}  // namespace sluice::claude_code
