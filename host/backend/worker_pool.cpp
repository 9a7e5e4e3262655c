#include "backend/worker_pool.hpp"

#include <system_error>

#include "plugin/watched_thread.hpp"

namespace sluice::backend {

WorkerPool::WorkerPool(std::size_t max_threads, std::size_t max_queued)
    : max_threads_(max_threads), max_queued_(max_queued) {}

WorkerPool::~WorkerPool() {
    {
        std::lock_guard lock(mutex_);
        is_ending_ = true;
    }
    has_work_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

bool WorkerPool::run(std::function<void()> work) {
    std::lock_guard lock(mutex_);
    if (is_ending_) return false;
    bool needs_thread = idle_threads_ <= queue_.size();
    if (needs_thread && threads_.size() < max_threads_) {
        try {
            threads_.emplace_back([this] { this->work(); });
        } catch (const std::system_error&) {
            if (threads_.empty()) return false;  // else the running ones will get to it
        }
    } else if (needs_thread && queue_.size() >= max_queued_) {
        return false;
    }
    queue_.push_back(std::move(work));
    has_work_.notify_one();
    return true;
}

void WorkerPool::work() {
    const plugin::WatchedThread watched(plugin::ThreadKind::kWorker, 0);
    std::unique_lock lock(mutex_);
    for (;;) {
        ++idle_threads_;
        has_work_.wait(lock, [this] { return is_ending_ || !queue_.empty(); });
        --idle_threads_;
        if (queue_.empty()) return;
        std::function<void()> work = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        work();
        work = nullptr;
        lock.lock();
    }
}

}  // namespace sluice::backend
