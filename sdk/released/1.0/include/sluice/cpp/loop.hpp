// Descriptors, timers and posted work on the host's event loops.
#pragma once

#include "sluice/cpp/callback.hpp"
#include "sluice/cpp/text.hpp"
#include "sluice/ext/loop.h"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>

namespace sluice {
inline namespace v1 {

// Watches one descriptor; ends with the object. Belongs to its loop's thread, destruction included.
class Watch {
public:
    Watch() noexcept = default;
    Watch(const sluice_host_loop* table, sluice_watch* watch) noexcept : table_(table), watch_(watch) {}
    Watch(Watch&& other) noexcept : table_(other.table_), watch_(std::exchange(other.watch_, nullptr)) {}
    Watch& operator=(Watch&& other) noexcept {
        if (this != &other) {
            reset();
            table_ = other.table_;
            watch_ = std::exchange(other.watch_, nullptr);
        }
        return *this;
    }
    ~Watch() { reset(); }

    explicit operator bool() const noexcept { return watch_ != nullptr; }
    // Changes what is waited for: bits of sluice_readiness. Cheap when nothing changes.
    sluice_status set(std::uint32_t readiness) noexcept { return table_->watch_set(watch_, readiness); }
    // Ends the watch. Do so before closing the descriptor.
    void reset() noexcept {
        if (sluice_watch* watch = std::exchange(watch_, nullptr)) {
            table_->unwatch(watch);
        }
    }

private:
    const sluice_host_loop* table_ = nullptr;
    sluice_watch* watch_ = nullptr;
};

// Fires once for every set(); ends with the object. Belongs to its loop's thread, destruction included.
class Timer {
public:
    Timer() noexcept = default;
    Timer(const sluice_host_loop* table, sluice_timer* timer) noexcept : table_(table), timer_(timer) {}
    Timer(Timer&& other) noexcept : table_(other.table_), timer_(std::exchange(other.timer_, nullptr)) {}
    Timer& operator=(Timer&& other) noexcept {
        if (this != &other) {
            reset();
            table_ = other.table_;
            timer_ = std::exchange(other.timer_, nullptr);
        }
        return *this;
    }
    ~Timer() { reset(); }

    explicit operator bool() const noexcept { return timer_ != nullptr; }
    // Fires once, `delay` from now, never early; replaces an earlier setting. A negative delay counts as none.
    void set(std::chrono::milliseconds delay) noexcept {
        table_->timer_set(timer_, delay.count() < 0 ? 0 : static_cast<std::uint64_t>(delay.count()));
    }
    void stop() noexcept { table_->timer_stop(timer_); }
    void reset() noexcept {
        if (sluice_timer* timer = std::exchange(timer_, nullptr)) {
            table_->timer_destroy(timer);
        }
    }

private:
    const sluice_host_loop* table_ = nullptr;
    sluice_timer* timer_ = nullptr;
};

// One event loop, which is one thread. A small value: copy it freely.
class Loop {
public:
    Loop() noexcept = default;
    Loop(const sluice_host_loop* table, const sluice_host* host, sluice_loop* loop) noexcept
        : table_(table), host_(host), loop_(loop) {}

    explicit operator bool() const noexcept { return loop_ != nullptr; }
    sluice_loop* raw() const noexcept { return loop_; }

    // From every thread.
    std::size_t index() const noexcept { return table_->index(loop_); }
    bool is_current() const noexcept { return table_->is_current(loop_) != 0; }
    // Runs `owner->*kMethod()` on the loop. SLUICE_CANCELLED once the loop has stopped for good.
    template <auto kMethod, class Owner>
    sluice_status post(Owner* owner) const noexcept {
        return table_->post(loop_, &run_method<kMethod, Owner>, owner);
    }
    // Runs a copy of `function` on the loop; it must be noexcept. Throws std::bad_alloc.
    template <class Function>
    sluice_status post(Function function) const {
        static_assert(std::is_nothrow_invocable_v<Function&>, "posted functions must be noexcept");
        auto copy = std::make_unique<Function>(std::move(function));
        const sluice_status status = table_->post(loop_, &run_posted<Function>, copy.get());
        if (status >= 0 && status != SLUICE_CANCELLED) {
            static_cast<void>(copy.release());
        }
        return status;
    }

    // On the loop's own thread.
    // Runs `owner->*kMethod()` at the end of the loop's running round; `owner` must live until then.
    template <auto kMethod, class Owner>
    sluice_status defer(Owner* owner) const noexcept {
        return table_->defer(loop_, &run_method<kMethod, Owner>, owner);
    }
    std::chrono::nanoseconds now() const noexcept { return std::chrono::nanoseconds(table_->now_ns(loop_)); }
    // Calls `owner->*kMethod(readiness)` whenever the non-blocking descriptor is ready. Empty if it cannot be watched.
    template <auto kMethod, class Owner>
    [[nodiscard]] Watch watch(int descriptor, std::uint32_t readiness, Owner* owner) const noexcept {
        sluice_watch* made = nullptr;
        const sluice_status status = table_->watch(loop_, host_, descriptor, readiness,
                                                   &run_method<kMethod, Owner, std::uint32_t>, owner, &made);
        return status < 0 ? Watch() : Watch(table_, made);
    }
    // A timer, not set yet, that calls `owner->*kMethod()`. Empty if the host has no memory for it.
    template <auto kMethod, class Owner>
    [[nodiscard]] Timer timer(Owner* owner) const noexcept {
        sluice_timer* made = nullptr;
        const sluice_status status = table_->timer_create(loop_, host_, &run_method<kMethod, Owner>, owner, &made);
        return status < 0 ? Timer() : Timer(table_, made);
    }

private:
    template <class Function>
    static void run_posted(void* ctx) noexcept {
        const std::unique_ptr<Function> function(static_cast<Function*>(ctx));
        (*function)();
    }

    const sluice_host_loop* table_ = nullptr;
    const sluice_host* host_ = nullptr;
    sluice_loop* loop_ = nullptr;
};

// All loops of the host; empty with a host that has none. Keep it: making it asks the host.
class Loops {
public:
    explicit Loops(const sluice_host* host) noexcept
        : host_(host),
          table_(static_cast<const sluice_host_loop*>(host->get_interface(host, to_str(SLUICE_HOST_LOOP_ID)))) {}

    std::size_t count() const noexcept { return table_ != nullptr ? table_->count(host_) : 0; }
    Loop at(std::size_t index) const noexcept { return Loop(table_, host_, table_->at(host_, index)); }
    // The loop of a Call, Exchange, ModelList or HealthReport.
    template <class Handle>
    Loop of(const Handle& handle) const noexcept {
        return Loop(table_, host_, handle.loop());
    }

    // Runs `function(loop)` on every loop, one after the other, and returns when all have run: the way to end watches
    // and timers in a destructor. `function` must be noexcept. Not on a loop's thread.
    template <class Function>
    void run_on_each(Function function) const noexcept {
        static_assert(std::is_nothrow_invocable_v<Function&, Loop>, "posted functions must be noexcept");
        for (std::size_t index = 0; index < count(); ++index) {
            AwaitedRun<Function> run{function, at(index)};
            if (run.loop.template post<&AwaitedRun<Function>::run>(&run) == SLUICE_OK) {
                run.wait();
            }
        }
    }

private:
    template <class Function>
    struct AwaitedRun {
        Function& function;
        Loop loop;
        std::mutex mutex{};
        std::condition_variable changed{};
        bool is_done = false;

        void run() noexcept {
            function(loop);
            // Notified under the lock: the waiting side frees this object as soon as it gets it.
            const std::lock_guard<std::mutex> lock(mutex);
            is_done = true;
            changed.notify_one();
        }
        void wait() noexcept {
            std::unique_lock<std::mutex> lock(mutex);
            changed.wait(lock, [this] { return is_done; });
        }
    };

    const sluice_host* host_;
    const sluice_host_loop* table_;
};

}  // namespace v1
}  // namespace sluice
