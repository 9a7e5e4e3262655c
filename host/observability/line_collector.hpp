#pragma once

#include "observability/log_output.hpp"

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace sluice::observability {

/// Takes finished lines from many threads at the cost of a copy, and writes them together 50 ms later from a thread of
/// its own.
/// Rationale: the access log writes one line per request. A queue would pay an allocation and a wake-up (a system call)
/// for each; here a thread appends to a buffer that it shares with hardly anyone, and the writer is woken once a round.
class LineCollector {
public:
    static constexpr std::size_t kMaxShardBytes = 2 << 20;

    /// Writes to `output`, which outlives it, from now on.
    explicit LineCollector(LogOutput& output);
    /// Writes what is there and ends the thread.
    ~LineCollector();
    LineCollector(const LineCollector&) = delete;
    LineCollector& operator=(const LineCollector&) = delete;

    /// Takes a line with its line end; false, if the output is so far behind that it had to be dropped. [any-thread]
    bool push(std::string_view line);

    /// Waits until all that was pushed before is written, or the time is over. [any-thread]
    void flush(std::chrono::milliseconds limit);

private:
    struct alignas(64) Shard {
        std::mutex mutex;
        std::string pending;
        std::string writing;  // the writer's; trades places with `pending`, so that both keep their size
    };

    void wake_writer(bool is_crowded);
    void run() noexcept;
    void write_all() noexcept;

    LogOutput& output_;
    std::array<Shard, 16> shards_;
    std::atomic<bool> is_awake_{false};

    std::mutex wake_mutex_;
    std::condition_variable wake_;
    std::condition_variable flushed_;
    bool is_stopping_ = false;
    bool is_crowded_ = false;  // a shard is half full: the round ends early
    std::uint64_t flushes_asked_ = 0;
    std::uint64_t flushes_done_ = 0;
    std::thread thread_;
};

}  // namespace sluice::observability
