// Watches and timers of the host's loops, ended by their destructors. [loop-thread], as all they wrap.
#pragma once

#include <cstdint>

#include "sluice/ext/log.h"
#include "sluice/ext/loop.h"
#include "sluice/ext/metrics.h"
#include "sluice/host.h"

namespace sluice::openai {

// What the host offers. `log` and `metrics` may be NULL.
struct HostServices {
    const sluice_host* host = nullptr;
    const sluice_host_loop* loop = nullptr;
    const sluice_host_log* log = nullptr;
    const sluice_host_metrics* metrics = nullptr;
};

class Watch {
public:
    Watch() = default;
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch() { stop(); }

    // False if the host cannot watch it.
    bool start(const HostServices& services, sluice_loop* loop, int fd, std::uint32_t readiness, sluice_watch_fn fn,
               void* ctx) noexcept {
        stop();
        api_ = services.loop;
        return api_->watch(loop, services.host, fd, readiness, fn, ctx, &watch_) == SLUICE_OK;
    }
    void set(std::uint32_t readiness) noexcept {
        if (watch_ != nullptr) api_->watch_set(watch_, readiness);
    }
    void stop() noexcept {
        if (watch_ != nullptr) api_->unwatch(watch_);
        watch_ = nullptr;
    }

private:
    const sluice_host_loop* api_ = nullptr;
    sluice_watch* watch_ = nullptr;
};

// Made in the host when it is first set.
class Timer {
public:
    Timer() = default;
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer() {
        if (timer_ != nullptr) api_->timer_destroy(timer_);
    }

    // Fires fn(ctx) once; `fn` and `ctx` are those of the first call for good.
    void set(const HostServices& services, sluice_loop* loop, std::uint64_t delay_ms, sluice_callback_fn fn,
             void* ctx) noexcept {
        if (timer_ == nullptr) {
            api_ = services.loop;
            if (api_->timer_create(loop, services.host, fn, ctx, &timer_) != SLUICE_OK) return;
        }
        api_->timer_set(timer_, delay_ms);
    }
    void stop() noexcept {
        if (timer_ != nullptr) api_->timer_stop(timer_);
    }

private:
    const sluice_host_loop* api_ = nullptr;
    sluice_timer* timer_ = nullptr;
};

}  // namespace sluice::openai
