#include "jwt/key_keeper.hpp"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace sluice::auth::jwt {
namespace {

// The process's signals are for the host's threads, and a broken connection is not to end it.
class SignalsBlocked {
public:
    SignalsBlocked() {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;
    ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_;
};

}  // namespace

KeyKeeper::KeyKeeper(std::unique_ptr<KeyDocument> document, std::shared_ptr<const JwkSet> first, Pace pace, Log log)
    : document_(std::move(document)),
      pace_(pace),
      log_(log),
      keys_(std::move(first)),
      is_good_(keys_ != nullptr),
      // Requests that come before the thread has begun wait for its first read.
      is_reading_(keys_ == nullptr) {
    last_start_ = Clock::now();
    next_start_ = keys_ != nullptr ? last_start_ + pace_.refresh : last_start_;
    const SignalsBlocked blocked;  // a new thread has its maker's mask
    reader_ = std::thread([this] { run(); });
    try {
        watch_ = std::thread([this] { watch_deadlines(); });
    } catch (...) {
        stop();
        throw;
    }
}

void KeyKeeper::stop() {
    {
        const std::lock_guard lock(mutex_);
        is_stopping_ = true;
    }
    document_->abort();
    changed_.notify_all();
    tell_all(false);
    if (watch_.joinable()) watch_.join();
    if (reader_.joinable()) reader_.join();
}

std::shared_ptr<const JwkSet> KeyKeeper::keys() const {
    const std::lock_guard lock(mutex_);
    return keys_;
}

KeyKeeper::Newer KeyKeeper::wait_for_newer(Waiter waiter) {
    const std::lock_guard lock(mutex_);
    if (is_stopping_ || waiting_.size() >= kMaxWaiters) return Newer::kUnknown;
    const Clock::time_point now = Clock::now();
    if (!is_reading_ && !is_wanted_) {
        if (now - last_start_ < pace_.min_gap) return is_good_ ? Newer::kNone : Newer::kUnknown;
        is_wanted_ = true;
    }
    // Behind others, there is nothing new for either thread.
    if (waiting_.empty()) changed_.notify_all();
    waiting_.push_back({std::move(waiter), now + pace_.patience});
    return Newer::kComing;
}

void KeyKeeper::run() {
    std::unique_lock lock(mutex_);
    while (!is_stopping_) {
        if (!is_wanted_ && Clock::now() < next_start_) {
            changed_.wait_until(lock, next_start_);
            continue;
        }
        is_reading_ = true;
        const bool needs_fresh = std::exchange(is_wanted_, false);
        last_start_ = Clock::now();
        lock.unlock();
        read(needs_fresh);
        lock.lock();
        is_reading_ = false;
        const bool is_newest = is_good_ && !is_stopping_;
        lock.unlock();
        tell_all(is_newest);
        lock.lock();
    }
}

void KeyKeeper::watch_deadlines() {
    std::unique_lock lock(mutex_);
    while (!is_stopping_) {
        if (waiting_.empty()) {
            changed_.wait(lock);
            continue;
        }
        // A copy: who waits may be told, and gone, meanwhile.
        const Clock::time_point until = waiting_.front().until;
        if (Clock::now() < until) {
            changed_.wait_until(lock, until);
        } else {
            const Waiter overdue = std::move(waiting_.front().waiter);
            waiting_.pop_front();
            lock.unlock();
            overdue(false);
            lock.lock();
        }
    }
}

void KeyKeeper::tell_all(bool is_newest) {
    std::unique_lock lock(mutex_);
    const auto told = std::exchange(waiting_, {});
    lock.unlock();
    for (const Waiting& waiting : told) waiting.waiter(is_newest);
}

void KeyKeeper::read(bool needs_fresh) {
    std::string problem;
    std::optional<KeyDocument::Content> content;
    try {
        content = document_->read(needs_fresh, problem);
        take(content, std::move(problem));
    } catch (const std::exception& failure) {  // out of memory
        take(std::nullopt, failure.what());
    }
}

void KeyKeeper::take(const std::optional<KeyDocument::Content>& content, std::string problem) {
    const bool is_unchanged = content && content->is_unchanged;
    std::shared_ptr<const JwkSet> keys;
    if (content && !is_unchanged) {
        auto parsed = JwkSet::parse(content->text, problem);
        if (parsed) keys = std::make_shared<const JwkSet>(std::move(*parsed));
    }
    const bool is_good = is_unchanged || keys != nullptr;
    const bool is_news = !is_good && problem != last_problem_;
    if (!is_unchanged) last_problem_ = is_good ? std::string() : problem;
    const std::lock_guard lock(mutex_);
    const auto pause = is_good ? pace_.refresh : std::min(pace_.refresh, pace_.min_gap);
    next_start_ = Clock::now() + pause;
    if (keys != nullptr) keys_ = std::move(keys);
    // A file that stands as it stood when it could not be read is no better for it.
    if (!is_unchanged) is_good_ = is_good;
    if (is_news && !is_stopping_) {
        log_.warn("jwt: the key set cannot be read" +
                  std::string(keys_ != nullptr ? ", the last one is kept: " : ": ") + problem);
    }
}

}  // namespace sluice::auth::jwt
