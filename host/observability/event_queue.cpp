#include "observability/event_queue.hpp"

#include "observability/blocked_signals.hpp"

#include <spdlog/async_logger.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/base_sink.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>

namespace sluice::observability {
namespace {

constexpr std::size_t kBatchBytes = 32 << 10;

// Gathers lines while more are waiting, and writes them together: at once when the queue is empty.
class OutputSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
public:
    explicit OutputSink(LogOutput& output) : output_(output) {}

    void watch(spdlog::details::thread_pool& pool) { pool_.store(&pool); }

    // Waits until `lines` lines are written or dropped.
    void wait_for(std::uint64_t lines, std::chrono::milliseconds limit) {
        std::unique_lock lock(written_mutex_);
        written_changed_.wait_for(lock, limit, [&] { return written_ + pool_.load()->overrun_counter() >= lines; });
    }

    void write_batch() noexcept {
        output_.write(batch_);
        batch_.clear();
        {
            const std::lock_guard lock(written_mutex_);
            written_ += batch_lines_;
        }
        batch_lines_ = 0;
        written_changed_.notify_all();
    }

protected:
    // spdlog::sinks::base_sink
    void sink_it_(const spdlog::details::log_msg& message) override {
        batch_.append(message.payload.data(), message.payload.size());
        ++batch_lines_;
        spdlog::details::thread_pool* pool = pool_.load();
        if (batch_.size() >= kBatchBytes || pool == nullptr || pool->queue_size() == 0) {
            write_batch();
        }
    }

    void flush_() override { write_batch(); }

private:
    LogOutput& output_;
    std::atomic<spdlog::details::thread_pool*> pool_{nullptr};
    std::string batch_;
    std::uint64_t batch_lines_ = 0;
    std::mutex written_mutex_;
    std::condition_variable written_changed_;
    std::uint64_t written_ = 0;
};

}  // namespace

struct EventQueue::State {
    State(LogOutput& output, std::size_t capacity_lines)
        : sink(std::make_shared<OutputSink>(output)),
          pool(std::make_shared<spdlog::details::thread_pool>(capacity_lines, 1, block_all_signals)),
          logger(std::make_shared<spdlog::async_logger>("sluice", sink, pool,
                                                        spdlog::async_overflow_policy::overrun_oldest)) {
        sink->watch(*pool);
        logger->set_level(spdlog::level::trace);
    }

    std::shared_ptr<OutputSink> sink;
    std::shared_ptr<spdlog::details::thread_pool> pool;
    std::shared_ptr<spdlog::async_logger> logger;
    std::atomic<std::uint64_t> pushed{0};
};

EventQueue::EventQueue(LogOutput& output, std::size_t capacity_lines)
    : state_(std::make_unique<State>(output, capacity_lines)) {}

EventQueue::~EventQueue() {
    // Every waiting message holds a reference to the logger, none to the pool: ending the pool works the queue off.
    state_->pool.reset();
    state_->sink->write_batch();
}

void EventQueue::push(std::string_view line) {
    state_->logger->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
    state_->pushed.fetch_add(1, std::memory_order_relaxed);
}

void EventQueue::flush(std::chrono::milliseconds limit) {
    state_->sink->wait_for(state_->pushed.load(std::memory_order_relaxed), limit);
}

std::uint64_t EventQueue::dropped() const { return state_->pool->overrun_counter(); }

}  // namespace sluice::observability
