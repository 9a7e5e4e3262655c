#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "store/asker.hpp"
#include "store/redis_connection.hpp"
#include "store/redis_store.hpp"

namespace sluice::store {

/// A connection with its thread and what waits for it.
class RedisWorker {
public:
    /// Makes an answer of the server's reply; of an error it is made elsewhere.
    using Decode = Answer (*)(const RedisReply&);

    RedisWorker(const config::Redis& config, RedisHealth& health);
    /// Answers what waits: as far as it can be done within the configured time, the rest as failed.
    ~RedisWorker();

    /// [any-thread]
    void ask(RedisCommand command, Decode decode, const Asker& asker);
    /// Returns once the first attempt to connect has ended, well or not.
    void wait_until_tried();

private:
    struct Job {
        RedisCommand command;
        Decode decode;
        Asker asker;
        Deadline answered_by;
    };

    void run() noexcept;
    /// The next that are sent together, taken off what waits.
    std::deque<Job> next_jobs();
    void work_off(std::deque<Job> jobs);
    bool connect(Deadline deadline);
    void note_down(const std::string& reason);
    static void fail(const std::deque<Job>& jobs, const std::string& reason);

    const std::chrono::milliseconds timeout_;
    RedisConnection connection_;  // the thread's
    RedisHealth& health_;
    std::mutex mutex_;  // of what follows
    std::condition_variable changed_;
    std::deque<Job> waiting_;
    bool is_ending_ = false;
    bool was_tried_ = false;
    bool is_up_ = false;
    std::string reason_;  // why it is not up
    std::thread thread_;
};

}  // namespace sluice::store
