#include "observability/line_collector.hpp"

#include "observability/blocked_signals.hpp"

namespace sluice::observability {
namespace {

constexpr std::chrono::milliseconds kRound{50};

std::size_t thread_number() {
    static std::atomic<std::size_t> next{0};
    thread_local const std::size_t number = next.fetch_add(1, std::memory_order_relaxed);
    return number;
}

}  // namespace

LineCollector::LineCollector(LogOutput& output) : output_(output), thread_([this] { run(); }) {}

LineCollector::~LineCollector() {
    {
        const std::lock_guard lock(wake_mutex_);
        is_stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

bool LineCollector::push(std::string_view line) {
    Shard& shard = shards_[thread_number() % shards_.size()];
    bool is_crowded = false;
    {
        const std::lock_guard lock(shard.mutex);
        const std::size_t before = shard.pending.size();
        if (before + line.size() > kMaxShardBytes) {
            return false;
        }
        shard.pending.append(line);
        is_crowded = before < kMaxShardBytes / 2 && shard.pending.size() >= kMaxShardBytes / 2;
    }
    // The shard's mutex orders this after the writer's reset, or the writer's look at the shard after the append.
    if (is_crowded ||
        (!is_awake_.load(std::memory_order_relaxed) && !is_awake_.exchange(true, std::memory_order_relaxed))) {
        wake_writer(is_crowded);
    }
    return true;
}

void LineCollector::flush(std::chrono::milliseconds limit) {
    std::unique_lock lock(wake_mutex_);
    const std::uint64_t mine = ++flushes_asked_;
    wake_.notify_one();
    flushed_.wait_for(lock, limit, [&] { return flushes_done_ >= mine; });
}

void LineCollector::wake_writer(bool is_crowded) {
    const std::lock_guard lock(wake_mutex_);
    is_crowded_ = is_crowded_ || is_crowded;
    wake_.notify_one();
}

void LineCollector::run() noexcept {
    block_all_signals();
    std::unique_lock lock(wake_mutex_);
    const auto is_urgent = [this] { return is_stopping_ || is_crowded_ || flushes_asked_ > flushes_done_; };
    while (!is_stopping_) {
        wake_.wait(lock, [&] { return is_urgent() || is_awake_.load(std::memory_order_relaxed); });
        wake_.wait_for(lock, kRound, is_urgent);
        const std::uint64_t asked = flushes_asked_;
        is_crowded_ = false;
        lock.unlock();
        is_awake_.store(false, std::memory_order_relaxed);
        write_all();
        lock.lock();
        flushes_done_ = asked;
        flushed_.notify_all();
    }
    lock.unlock();
    write_all();
}

void LineCollector::write_all() noexcept {
    for (Shard& shard : shards_) {
        {
            const std::lock_guard lock(shard.mutex);
            shard.writing.swap(shard.pending);
        }
        output_.write(shard.writing);
        shard.writing.clear();
    }
}

}  // namespace sluice::observability
