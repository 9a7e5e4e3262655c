#pragma once

#include <sys/epoll.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "net/loop_load.hpp"
#include "net/timer_wheel.hpp"

namespace sluice::plugin {
class Conduct;
}

namespace sluice::net {

/// Something with a descriptor in an event loop.
class EventHandler {
public:
    virtual ~EventHandler() = default;
    /// `events` are epoll's bits. Not called any more once the handler was retired. [loop-thread]
    virtual void on_events(std::uint32_t events) = 0;

private:
    friend class EventLoop;
    bool is_retired_ = false;
};

/// Something whose output is sent in one go at the end of the round that filled it.
class FlushTarget {
public:
    virtual ~FlushTarget() = default;
    virtual void flush() = 0;
    bool is_marked_for_flush = false;
};

/// One thread with its descriptors, timers and posted work (DESIGN, section 3). Everything that belongs to a
/// connection happens on the loop that owns it, so none of it needs a lock.
class EventLoop {
public:
    explicit EventLoop(std::size_t index);
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    void start();
    /// Ends the loop after its current round, with what was posted before, and joins its thread. [main-thread]
    void stop_and_join();

    std::size_t index() const noexcept { return index_; }
    bool is_current() const noexcept;
    /// Monotonic time at which this round began. [loop-thread]
    std::uint64_t now_ns() const noexcept { return now_ns_; }
    /// Unix time in seconds of this round, for the Date header. [loop-thread]
    const std::string& http_date();

    /// Runs `task` on the loop, in the order of posting; false, and it never runs, once the loop has stopped.
    /// [any-thread]
    bool post(std::function<void()> task);

    /// Registers a non-blocking descriptor; false if epoll refuses it. [loop-thread]
    bool add(int descriptor, std::uint32_t events, EventHandler& handler);
    void modify(int descriptor, std::uint32_t events, EventHandler& handler);
    void remove(int descriptor) noexcept;
    /// Takes a handler that is done: no event reaches it any more, it is destroyed after this round. [loop-thread]
    void retire(std::unique_ptr<EventHandler> handler);
    /// As retire() for one that is owned elsewhere: its owner may destroy it after this round. [loop-thread]
    void mark_retired(EventHandler& handler) noexcept { handler.is_retired_ = true; }

    /// Runs fn(ctx) at the end of this round: after its events, before the loop waits again. `owner`: the plugin whose
    /// function it is, if it is one's. [loop-thread]
    void defer(void (*fn)(void*), void* ctx, plugin::Conduct* owner = nullptr) {
        deferred_.push_back({fn, ctx, owner});
    }
    /// Flushes `target` once, at the end of this round. [loop-thread]
    void mark_for_flush(FlushTarget& target);
    void forget_flush(FlushTarget& target) noexcept;

    TimerWheel& timers() noexcept { return timers_; }
    /// [any-thread]
    const LoopLoad& load() const noexcept { return load_; }

    /// The loop's one receive buffer, padded for parsers that read ahead; content is gone after the callback.
    /// [loop-thread]
    char* receive_buffer() noexcept { return receive_buffer_.get(); }
    static constexpr std::size_t kReceiveBytes = 128 * 1024;

    /// A buffer that keeps its capacity between uses: what most connections need only for an instant. [loop-thread]
    std::string borrow_buffer();
    void return_buffer(std::string&& buffer) noexcept;

private:
    struct Deferred {
        void (*fn)(void*);
        void* ctx;
        plugin::Conduct* owner;
    };

    void run();
    void run_round(int timeout_ms);
    void run_posted();
    void run_deferred();
    void end_round();
    void flush_marked();
    void wake() noexcept;
    void update_time() noexcept;

    std::size_t index_;
    int epoll_ = -1;
    int wake_descriptor_ = -1;
    std::uint64_t now_ns_ = 0;
    TimerWheel timers_;
    LoopLoad load_;
    std::thread thread_;
    std::atomic<std::thread::id> thread_id_{};
    std::unique_ptr<char[]> receive_buffer_;
    std::vector<epoll_event> events_;
    std::vector<std::unique_ptr<EventHandler>> graveyard_;
    std::vector<Deferred> deferred_;
    std::vector<FlushTarget*> flush_list_;
    std::vector<std::string> spare_buffers_;
    std::int64_t date_second_ = -1;
    std::string date_;

    std::mutex posted_mutex_;
    std::vector<std::function<void()>> posted_;
    std::atomic<bool> is_stopping_{false};
    bool has_stopped_ = false;  // under posted_mutex_
};

}  // namespace sluice::net
