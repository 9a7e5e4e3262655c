#include "store/redis_worker.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "observability/blocked_signals.hpp"
#include "observability/log.hpp"

namespace sluice::store {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxWaiting = 16384;
// What is sent in one go is answered in one go, and must be within the time for an answer.
constexpr std::size_t kMaxTogether = 256;
constexpr std::size_t kMaxBytesTogether = 4 << 20;
constexpr std::chrono::milliseconds kFirstPause{250};
constexpr std::chrono::milliseconds kLongestPause{2000};

Answer answer_of(const RedisReply& reply, RedisWorker::Decode decode) {
    if (reply.kind == RedisReply::Kind::kError) return Answer::failed(reply.text);
    // The scripts end every list with a 1: see redis_scripts.hpp.
    const bool is_whole = reply.kind == RedisReply::Kind::kList && !reply.items.empty() &&
                          reply.items.back().kind == RedisReply::Kind::kNumber;
    return is_whole ? decode(reply) : Answer::failed("the server's reply is not that of the script");
}

/// The server is not one to write to any more (a replica after a failover), or not yet: a new connection may lead to
/// one that is.
bool is_refusal_of_all(const RedisReply& reply) {
    constexpr std::string_view kCodes[] = {"READONLY", "LOADING", "MASTERDOWN", "NOAUTH"};
    return reply.kind == RedisReply::Kind::kError &&
           std::any_of(std::begin(kCodes), std::end(kCodes),
                       [&](std::string_view code) { return reply.text.starts_with(code); });
}

}  // namespace

void RedisHealth::note_down(const std::string& reason) {
    if (is_down_.exchange(true)) return;
    observability::log(observability::LogLevel::kError, "store_down", reason, {{"store", server_}});
}

void RedisHealth::note_up() {
    if (!is_down_.exchange(false)) return;
    observability::log(observability::LogLevel::kInfo, "store_up", "", {{"store", server_}});
}

RedisWorker::RedisWorker(const config::Redis& config, RedisHealth& health)
    : timeout_(config.timeout), connection_(config), health_(health) {
    thread_ = std::thread([this] { run(); });
}

RedisWorker::~RedisWorker() {
    {
        const std::lock_guard lock(mutex_);
        is_ending_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void RedisWorker::ask(RedisCommand command, Decode decode, const Asker& asker) {
    std::string reason;
    {
        const std::lock_guard lock(mutex_);
        if (!is_up_) {
            reason = reason_;
        } else if (waiting_.size() >= kMaxWaiting) {
            reason = "more than " + std::to_string(kMaxWaiting) + " operations wait for the server";
        } else {
            waiting_.push_back({std::move(command), decode, asker, Clock::now() + timeout_});
            changed_.notify_one();
            return;
        }
    }
    asker.tell(Answer::failed(std::move(reason)));
}

void RedisWorker::wait_until_tried() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return was_tried_; });
}

void RedisWorker::run() noexcept {
    observability::block_all_signals();
    std::chrono::milliseconds pause = kFirstPause;
    std::unique_lock lock(mutex_);
    while (!is_ending_) {
        lock.unlock();
        const bool is_connected = connect(Clock::now() + timeout_);
        lock.lock();
        if (!is_connected) {
            changed_.wait_for(lock, pause, [this] { return is_ending_; });
            pause = std::min(2 * pause, kLongestPause);
            continue;
        }
        pause = kFirstPause;
        while (is_up_ && !(is_ending_ && waiting_.empty())) {
            changed_.wait(lock, [this] { return is_ending_ || !waiting_.empty(); });
            std::deque<Job> jobs = next_jobs();
            lock.unlock();
            work_off(std::move(jobs));
            lock.lock();
        }
    }
}

std::deque<RedisWorker::Job> RedisWorker::next_jobs() {
    std::deque<Job> jobs;
    std::size_t bytes = 0;
    while (!waiting_.empty() && jobs.size() < kMaxTogether && bytes < kMaxBytesTogether) {
        for (const std::string& argument : waiting_.front().command.arguments) bytes += argument.size();
        jobs.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
    }
    return jobs;
}

bool RedisWorker::connect(Deadline deadline) {
    const Result<void> outcome = connection_.connect(deadline);
    if (outcome) health_.note_up();
    if (!outcome) note_down(outcome.error());
    const std::lock_guard lock(mutex_);
    is_up_ = outcome.has_value();
    was_tried_ = true;
    changed_.notify_all();
    return is_up_;
}

void RedisWorker::work_off(std::deque<Job> jobs) {
    // A server that is only too busy would count as down if those that have waited longest left no time for the others.
    const Deadline latest = Clock::now() + timeout_ / 4;
    std::deque<Job> late;
    while (!jobs.empty() && jobs.front().answered_by < latest) {
        late.push_back(std::move(jobs.front()));
        jobs.pop_front();
    }
    fail(late, "too many operations waited for the server");
    if (jobs.empty()) return;
    const Deadline deadline = jobs.front().answered_by;
    // A server that was restarted while nothing was asked is no failure of what is asked now.
    if (!connection_.is_alive() && !connect(deadline)) return fail(jobs, "the connection is lost");
    std::vector<RedisCommand> commands;
    for (Job& job : jobs) commands.push_back(std::move(job.command));
    const auto replies = connection_.run(commands, deadline);
    if (!replies) {
        fail(jobs, replies.error());
        return note_down(replies.error());
    }
    std::string refusal;
    for (std::size_t at = 0; at < jobs.size(); ++at) {
        if (is_refusal_of_all((*replies)[at])) refusal = (*replies)[at].text;
        jobs[at].asker.tell(answer_of((*replies)[at], jobs[at].decode));
    }
    if (!refusal.empty()) note_down(refusal);
}

// All that waits has waited while the server did not answer: none of it waits again.
void RedisWorker::note_down(const std::string& reason) {
    health_.note_down(reason);
    std::deque<Job> jobs;
    {
        const std::lock_guard lock(mutex_);
        is_up_ = false;
        reason_ = reason;
        jobs = std::exchange(waiting_, {});
    }
    fail(jobs, reason);
}

void RedisWorker::fail(const std::deque<Job>& jobs, const std::string& reason) {
    for (const Job& job : jobs) job.asker.tell(Answer::failed(reason));
}

}  // namespace sluice::store
