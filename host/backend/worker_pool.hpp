#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace sluice::backend {

/// Threads for work that may block: bounded in number, started on demand, with a bounded queue. [any-thread]
class WorkerPool {
public:
    WorkerPool(std::size_t max_threads, std::size_t max_queued);
    /// Waits for the work that runs; what is still queued runs before the end.
    ~WorkerPool();
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    /// Queues `work`, which does not throw; false, and it never runs, when the queue is full or the pool is ending.
    bool run(std::function<void()> work);

private:
    void work();

    const std::size_t max_threads_;
    const std::size_t max_queued_;
    std::mutex mutex_;
    std::condition_variable has_work_;
    std::deque<std::function<void()>> queue_;
    std::vector<std::thread> threads_;
    std::size_t idle_threads_ = 0;
    bool is_ending_ = false;
};

}  // namespace sluice::backend
