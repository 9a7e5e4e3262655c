#include "store/sqlite_worker.hpp"

#include <chrono>
#include <utility>

#include "observability/blocked_signals.hpp"
#include "observability/log.hpp"

namespace sluice::store {
namespace {

constexpr std::size_t kMaxWaiting = 4096;
constexpr std::size_t kMaxWaitingBytes = 64u << 20;
constexpr std::size_t kMaxTogether = 512;
constexpr int kSweptAtOnce = 256;
constexpr std::chrono::milliseconds kSweepEvery{10'000};
constexpr std::chrono::milliseconds kSweepOn{20};  // the disk is for others in between

std::int64_t unix_now_us() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

}  // namespace

SqliteWorker::SqliteWorker(std::unique_ptr<SqliteFile> file, std::string path)
    : file_(std::move(file)), path_(std::move(path)) {
    thread_ = std::thread([this] { run(); });
}

SqliteWorker::~SqliteWorker() {
    {
        const std::lock_guard lock(mutex_);
        is_ending_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void SqliteWorker::ask(SqliteOperation operation, const Asker& asker) {
    if (enqueue(operation, asker)) return;
    asker.tell(Answer::failed(path_ + ": found more than " + std::to_string(kMaxWaiting) + " operations or " +
                              std::to_string(kMaxWaitingBytes >> 20) + " MiB waiting"));
}

bool SqliteWorker::enqueue(SqliteOperation& operation, const Asker& asker) {
    const std::lock_guard lock(mutex_);
    // One that is larger than the limit still gets its turn.
    const bool is_too_much = !waiting_.empty() && waiting_bytes_ + operation.bytes > kMaxWaitingBytes;
    if (waiting_.size() >= kMaxWaiting || is_too_much) return false;
    const std::size_t bytes = operation.bytes;
    waiting_.push_back({std::move(operation), asker});
    waiting_bytes_ += bytes;
    changed_.notify_one();
    return true;
}

void SqliteWorker::run() noexcept {
    observability::block_all_signals();
    std::unique_lock lock(mutex_);
    auto next_sweep = std::chrono::steady_clock::now();
    for (;;) {
        changed_.wait_until(lock, next_sweep, [this] { return is_ending_ || !waiting_.empty(); });
        if (waiting_.empty() && is_ending_) return;
        std::deque<Job> jobs = std::exchange(waiting_, {});
        waiting_bytes_ = 0;
        lock.unlock();
        work_off(std::move(jobs));
        if (const auto now = std::chrono::steady_clock::now(); now >= next_sweep) {
            next_sweep = now + (sweep() ? kSweepOn : kSweepEvery);
        }
        lock.lock();
    }
}

void SqliteWorker::work_off(std::deque<Job> jobs) {
    is_locked_ = false;
    std::vector<Job> writes;
    for (Job& job : jobs) {
        const bool is_write = job.operation.is_write;
        if (!is_write || writes.size() == kMaxTogether) write_all(writes);
        if (is_write) {
            writes.push_back(std::move(job));
        } else {
            read(job);
        }
    }
    write_all(writes);
}

// If they cannot be done together they are done one by one, so that none is lost for another's sake.
void SqliteWorker::write_all(std::vector<Job>& writes) {
    if (writes.empty()) return;
    bool are_all_done = true;
    auto answers = write_together(writes);
    if (!answers) {
        answers.emplace();
        for (Job& job : writes) {
            auto alone = writes.size() > 1 ? write_together(std::span(&job, 1)) : std::nullopt;
            are_all_done = are_all_done && alone;
            answers->push_back(alone ? std::move(alone->front()) : Answer::failed(path_ + ": " + problem_));
        }
    }
    // Before they are told: who reads of a failure finds it in the log.
    note(writing_, are_all_done);
    for (std::size_t at = 0; at < writes.size(); ++at) writes[at].asker.tell(std::move((*answers)[at]));
    writes.clear();
}

std::optional<std::vector<Answer>> SqliteWorker::write_together(std::span<Job> writes) {
    if (is_locked_) return std::nullopt;
    std::vector<Answer> answers;
    bool is_good = file_->begin();
    for (std::size_t at = 0; is_good && at < writes.size(); ++at) {
        auto answer = writes[at].operation.work(*file_, unix_now_us());
        is_good = answer.has_value();
        if (is_good) answers.push_back(std::move(*answer));
    }
    if (is_good && file_->commit()) return answers;
    keep_problem();
    file_->roll_back();
    return std::nullopt;
}

void SqliteWorker::read(const Job& job) {
    auto answer = is_locked_ ? std::nullopt : job.operation.work(*file_, unix_now_us());
    if (!answer && !is_locked_) keep_problem();
    note(reading_, answer.has_value());
    job.asker.tell(answer ? std::move(*answer) : Answer::failed(path_ + ": " + problem_));
}

// Whoever waits behind an operation that has waited for a lock in vain would only wait for it again.
void SqliteWorker::keep_problem() {
    problem_ = file_->problem();
    is_locked_ = file_->is_locked();
}

bool SqliteWorker::sweep() {
    const auto forgotten = file_->expire(unix_now_us(), kSweptAtOnce);
    if (!forgotten) {
        problem_ = file_->problem();
        note(writing_, false);
    }
    // Nothing to forget is no sign that anything can be written.
    return forgotten && *forgotten >= kSweptAtOnce;
}

void SqliteWorker::note(Health& health, bool is_done) {
    const bool was_failing = std::exchange(health.is_failing, !is_done);
    if (was_failing == health.is_failing) return;
    const std::string state = path_ + (is_done ? " can be " : " cannot be ") + health.what + (is_done ? " again" : "");
    if (is_done) {
        observability::log(observability::LogLevel::kInfo, "store_recovered", state, {{"store", "sqlite"}});
    } else {
        observability::log(observability::LogLevel::kError, "store_failing", state + ": " + problem_,
                           {{"store", "sqlite"}});
    }
}

}  // namespace sluice::store
