// An event loop that runs on the test's thread, when the test says so.
#pragma once

#include "sluice/ext/loop.h"
#include "sluice/testing/breaches.hpp"
#include "sluice/testing/fake_clock.hpp"
#include "sluice/testing/host_parts.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace sluice {
namespace testing {

// The one loop of a fake host. It belongs to the thread that made it; descriptors are really polled, timers follow the
// fake clock. Nothing happens outside the run_ functions.
class FakeLoop {
public:
    FakeLoop(FakeClock& clock, Breaches& breaches)
        : clock_(clock), breaches_(breaches), wake_descriptor_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
    FakeLoop(const FakeLoop&) = delete;
    FakeLoop& operator=(const FakeLoop&) = delete;
    ~FakeLoop() { ::close(wake_descriptor_); }

    sluice_loop* raw() noexcept { return reinterpret_cast<sluice_loop*>(this); }

    // From every thread. False once the loop was stopped.
    bool post(std::function<void()> work, bool is_plugins = false) {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            if (is_stopped_) {
                return false;
            }
            posted_.push_back(Posted{std::move(work), is_plugins});
        }
        const std::uint64_t one = 1;
        return ::write(wake_descriptor_, &one, sizeof(one)) == sizeof(one);
    }
    bool is_current() const noexcept { return std::this_thread::get_id() == thread_; }

    // Runs everything that is ready now, and what becomes ready by it.
    void run_ready() {
        for (int round = 0; round < kMaxRounds && run_once(0); ++round) {
        }
    }
    // Runs until `is_reached()`, at most for `limit` of real time. A manual clock does not move. False at the limit.
    bool run_until(const std::function<bool()>& is_reached,
                   std::chrono::milliseconds limit = std::chrono::milliseconds(5000)) {
        const auto end = std::chrono::steady_clock::now() + limit;
        while (!is_reached()) {
            if (std::chrono::steady_clock::now() >= end) {
                return false;
            }
            run_once(kSliceMs);
        }
        return true;
    }
    // Moves a manual clock on, timer by timer in the order in which they are due.
    void advance(std::chrono::nanoseconds time) {
        const std::uint64_t target = clock_.monotonic_ns() + static_cast<std::uint64_t>(time.count());
        run_ready();
        for (std::uint64_t due = next_due(); due <= target; due = next_due()) {
            clock_.move_to((std::max)(due, clock_.monotonic_ns()));
            run_ready();
        }
        clock_.move_to(target);
        run_ready();
    }
    // From here on post() is refused and what was posted does not run.
    void stop() {
        const std::lock_guard<std::mutex> lock(mutex_);
        is_stopped_ = true;
        posted_.clear();
    }

    std::size_t watch_count() const noexcept { return count_alive(watches_); }
    std::size_t timer_count() const noexcept { return count_alive(timers_); }
    // Notes a breach for every watch, timer and piece of work of the plugin that is still there, and forgets the work.
    void report_leaks() {
        for (const WatchEntry& watch : watches_) {
            if (watch.is_alive) {
                breaches_.add("a watch of descriptor " + std::to_string(watch.descriptor) + " outlives its instance");
            }
        }
        for (std::size_t i = timer_count(); i > 0; --i) {
            breaches_.add("a timer outlives its instance");
        }
        if (!deferred_.empty()) {
            breaches_.add("deferred work outlives its instance");
            deferred_.clear();
        }
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto first =
            std::remove_if(posted_.begin(), posted_.end(), [](const Posted& item) { return item.is_plugins; });
        if (first != posted_.end()) {
            breaches_.add("posted work outlives its instance");
            posted_.erase(first, posted_.end());
        }
    }
    // True on the loop's thread; elsewhere notes that `what` was called there.
    bool check_thread(const char* what) {
        if (!is_current()) {
            breaches_.add(std::string(what) + " was called on a thread that is not the loop's");
        }
        return is_current();
    }

    static const sluice_host_loop& table() noexcept {
        static const sluice_host_loop kTable = {
            sizeof(sluice_host_loop),
            0,
            [](const sluice_host*) noexcept { return std::size_t{1}; },
            [](const sluice_host* host, std::size_t index) noexcept {
                return index == 0 ? parts_of(host).loop->raw() : nullptr;
            },
            [](const sluice_loop*) noexcept { return std::size_t{0}; },
            [](const sluice_loop* loop) noexcept -> std::int32_t { return self(loop).is_current() ? 1 : 0; },
            [](const sluice_loop* loop) noexcept { return self(loop).clock_.monotonic_ns(); },
            [](sluice_loop* loop, sluice_callback_fn fn, void* ctx) noexcept -> sluice_status {
                return self(loop).post([fn, ctx] { fn(ctx); }, true) ? SLUICE_OK : SLUICE_CANCELLED;
            },
            &defer,
            &watch,
            &watch_set,
            &unwatch,
            &timer_create,
            &timer_set,
            &timer_stop,
            &timer_destroy};
        return kTable;
    }

private:
    struct Posted {
        std::function<void()> work;
        bool is_plugins;
    };
    struct WatchEntry {
        FakeLoop* loop;
        int descriptor;
        std::uint32_t readiness;
        sluice_watch_fn fn;
        void* ctx;
        bool is_alive = true;
    };
    struct TimerEntry {
        FakeLoop* loop;
        sluice_callback_fn fn;
        void* ctx;
        std::uint64_t due_ns = kNever;
        bool is_alive = true;
    };
    static constexpr std::uint64_t kNever = UINT64_MAX;
    static constexpr int kSliceMs = 1;
    static constexpr int kMaxRounds = 10000;

    static FakeLoop& self(const sluice_loop* loop) noexcept {
        return *reinterpret_cast<FakeLoop*>(const_cast<sluice_loop*>(loop));
    }
    template <class Entries>
    static std::size_t count_alive(const Entries& entries) noexcept {
        return static_cast<std::size_t>(
            std::count_if(entries.begin(), entries.end(), [](const auto& entry) { return entry.is_alive; }));
    }

    // One round: descriptors, then timers, then posted work, then what was deferred. True if anything ran.
    bool run_once(int timeout_ms) {
        check_thread("a run_ function of the fake loop");
        ++depth_;
        const bool any_watch = run_watches(timeout_ms);
        const bool any_timer = run_timers();
        const bool any_posted = run_posted();
        const bool any_deferred = run_deferred();
        // Entries that ended during the round are kept up to here, as their callbacks may still be on the stack.
        if (depth_ == 1) {
            watches_.remove_if([](const WatchEntry& entry) { return !entry.is_alive; });
            timers_.remove_if([](const TimerEntry& entry) { return !entry.is_alive; });
        }
        --depth_;
        return any_watch || any_timer || any_posted || any_deferred;
    }
    bool run_watches(int timeout_ms) {
        std::vector<pollfd> polled{pollfd{wake_descriptor_, POLLIN, 0}};
        std::vector<WatchEntry*> entries;
        for (WatchEntry& watch : watches_) {
            if (watch.is_alive) {
                polled.push_back(pollfd{watch.descriptor, to_poll(watch.readiness), 0});
                entries.push_back(&watch);
            }
        }
        ::poll(polled.data(), polled.size(), timeout_ms);
        drain_wake_descriptor();
        bool any = false;
        for (std::size_t i = 0; i < entries.size(); ++i) {
            const std::uint32_t readiness = from_poll(polled[i + 1].revents) & (entries[i]->readiness | SLUICE_FAILED);
            if (entries[i]->is_alive && readiness != 0) {
                any = true;
                entries[i]->fn(entries[i]->ctx, readiness);
            }
        }
        return any;
    }
    bool run_timers() {
        std::vector<TimerEntry*> due;
        for (TimerEntry& timer : timers_) {
            if (timer.is_alive && timer.due_ns <= clock_.monotonic_ns()) {
                due.push_back(&timer);
            }
        }
        std::stable_sort(due.begin(), due.end(),
                         [](const TimerEntry* left, const TimerEntry* right) { return left->due_ns < right->due_ns; });
        bool any = false;
        for (TimerEntry* timer : due) {
            // An earlier callback of this round may have stopped, moved or destroyed it.
            if (timer->is_alive && timer->due_ns <= clock_.monotonic_ns()) {
                any = true;
                timer->due_ns = kNever;
                timer->fn(timer->ctx);
            }
        }
        return any;
    }
    bool run_posted() {
        std::deque<Posted> work;
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            work.swap(posted_);
        }
        for (const Posted& item : work) {
            item.work();
        }
        return !work.empty();
    }
    bool run_deferred() {
        std::vector<std::pair<sluice_callback_fn, void*>> work;
        work.swap(deferred_);
        for (const auto& item : work) {
            item.first(item.second);
        }
        return !work.empty();
    }
    std::uint64_t next_due() const noexcept {
        std::uint64_t earliest = kNever;
        for (const TimerEntry& timer : timers_) {
            earliest = timer.is_alive ? (std::min)(earliest, timer.due_ns) : earliest;
        }
        return earliest;
    }
    void drain_wake_descriptor() noexcept {
        std::uint64_t count = 0;
        while (::read(wake_descriptor_, &count, sizeof(count)) > 0) {
        }
    }
    static short to_poll(std::uint32_t readiness) noexcept {
        int events = (readiness & SLUICE_READABLE) != 0 ? POLLIN : 0;
        events |= (readiness & SLUICE_WRITABLE) != 0 ? POLLOUT : 0;
        events |= (readiness & SLUICE_PEER_CLOSED) != 0 ? POLLRDHUP : 0;
        return static_cast<short>(events);
    }
    static std::uint32_t from_poll(short events) noexcept {
        int readiness = (events & POLLIN) != 0 ? static_cast<int>(SLUICE_READABLE) : 0;
        readiness |= (events & POLLOUT) != 0 ? static_cast<int>(SLUICE_WRITABLE) : 0;
        readiness |= (events & POLLRDHUP) != 0 ? static_cast<int>(SLUICE_PEER_CLOSED) : 0;
        readiness |= (events & (POLLERR | POLLHUP | POLLNVAL)) != 0 ? static_cast<int>(SLUICE_FAILED) : 0;
        return static_cast<std::uint32_t>(readiness);
    }

    static sluice_status defer(sluice_loop* loop, sluice_callback_fn fn, void* ctx) noexcept {
        self(loop).check_thread("defer()");
        self(loop).deferred_.emplace_back(fn, ctx);
        return SLUICE_OK;
    }
    static sluice_status watch(sluice_loop* loop, const sluice_host*, std::int32_t descriptor, std::uint32_t readiness,
                               sluice_watch_fn fn, void* ctx, sluice_watch** out) noexcept {
        FakeLoop& me = self(loop);
        me.check_thread("watch()");
        pollfd probe{descriptor, 0, 0};
        const bool is_open = descriptor >= 0 && ::poll(&probe, 1, 0) >= 0 && (probe.revents & POLLNVAL) == 0;
        const bool is_watched = std::any_of(
            me.watches_.begin(), me.watches_.end(),
            [descriptor](const WatchEntry& entry) { return entry.is_alive && entry.descriptor == descriptor; });
        if (!is_open || is_watched) {
            return SLUICE_E_INVALID;
        }
        me.watches_.push_back(WatchEntry{&me, descriptor, readiness, fn, ctx});
        *out = reinterpret_cast<sluice_watch*>(&me.watches_.back());
        return SLUICE_OK;
    }
    static sluice_status watch_set(sluice_watch* raw, std::uint32_t readiness) noexcept {
        WatchEntry& entry = *reinterpret_cast<WatchEntry*>(raw);
        entry.loop->check_thread("watch_set()");
        entry.readiness = readiness;
        return SLUICE_OK;
    }
    static void unwatch(sluice_watch* raw) noexcept {
        WatchEntry& entry = *reinterpret_cast<WatchEntry*>(raw);
        entry.loop->check_thread("unwatch()");
        pollfd probe{entry.descriptor, 0, 0};
        ::poll(&probe, 1, 0);
        if ((probe.revents & POLLNVAL) != 0) {
            entry.loop->breaches_.add("descriptor " + std::to_string(entry.descriptor) +
                                      " was closed before its watch was ended");
        }
        entry.is_alive = false;
    }
    static sluice_status timer_create(sluice_loop* loop, const sluice_host*, sluice_callback_fn fn, void* ctx,
                                      sluice_timer** out) noexcept {
        FakeLoop& me = self(loop);
        me.check_thread("timer_create()");
        me.timers_.push_back(TimerEntry{&me, fn, ctx});
        *out = reinterpret_cast<sluice_timer*>(&me.timers_.back());
        return SLUICE_OK;
    }
    static TimerEntry& timer_on_loop(sluice_timer* raw, const char* what) noexcept {
        TimerEntry& entry = *reinterpret_cast<TimerEntry*>(raw);
        entry.loop->check_thread(what);
        return entry;
    }
    static void timer_set(sluice_timer* raw, std::uint64_t delay_ms) noexcept {
        TimerEntry& entry = timer_on_loop(raw, "timer_set()");
        entry.due_ns = entry.loop->clock_.monotonic_ns() + delay_ms * 1000000u;
    }
    static void timer_stop(sluice_timer* raw) noexcept { timer_on_loop(raw, "timer_stop()").due_ns = kNever; }
    static void timer_destroy(sluice_timer* raw) noexcept { timer_on_loop(raw, "timer_destroy()").is_alive = false; }

    FakeClock& clock_;
    Breaches& breaches_;
    const int wake_descriptor_;
    const std::thread::id thread_ = std::this_thread::get_id();
    std::mutex mutex_;
    std::deque<Posted> posted_;
    std::vector<std::pair<sluice_callback_fn, void*>> deferred_;
    bool is_stopped_ = false;
    int depth_ = 0;
    std::list<WatchEntry> watches_;  // lists, so that an entry stays where it is
    std::list<TimerEntry> timers_;
};

}  // namespace testing
}  // namespace sluice
