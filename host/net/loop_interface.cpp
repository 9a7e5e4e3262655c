#include "net/loop_interface.hpp"

#include <algorithm>
#include <memory>
#include <new>

#include "net/timer_wheel.hpp"

/// A plugin's descriptor in a loop. Deleted after the round in which it was unwatched.
struct sluice_watch final : sluice::net::EventHandler {
    sluice::net::EventLoop& loop;
    int descriptor;
    std::uint32_t readiness;
    sluice_watch_fn callback;
    void* ctx;

    sluice_watch(sluice::net::EventLoop& owner, int fd, std::uint32_t wanted, sluice_watch_fn fn, void* context)
        : loop(owner), descriptor(fd), readiness(wanted), callback(fn), ctx(context) {}

    void on_events(std::uint32_t events) override {
        std::uint32_t seen = 0;
        if (events & EPOLLIN) seen |= SLUICE_READABLE;
        if (events & EPOLLOUT) seen |= SLUICE_WRITABLE;
        if (events & EPOLLRDHUP) seen |= SLUICE_PEER_CLOSED;
        if (events & (EPOLLERR | EPOLLHUP)) seen |= SLUICE_FAILED;
        callback(ctx, seen);
    }
};

struct sluice_timer final : sluice::net::Timer {
    sluice::net::EventLoop& loop;
    sluice_callback_fn callback;
    void* ctx;

    sluice_timer(sluice::net::EventLoop& owner, sluice_callback_fn fn, void* context)
        : loop(owner), callback(fn), ctx(context) {}
    void on_timer() override { callback(ctx); }
};

namespace sluice::net {

namespace {

LoopGroup* the_loops = nullptr;

EventLoop& host_loop(sluice_loop* loop) { return *reinterpret_cast<EventLoop*>(loop); }
const EventLoop& host_loop(const sluice_loop* loop) { return *reinterpret_cast<const EventLoop*>(loop); }

std::uint32_t epoll_bits(std::uint32_t readiness) {
    std::uint32_t bits = 0;
    if (readiness & SLUICE_READABLE) bits |= EPOLLIN;
    if (readiness & SLUICE_WRITABLE) bits |= EPOLLOUT;
    if (readiness & SLUICE_PEER_CLOSED) bits |= EPOLLRDHUP;
    return bits;
}

std::size_t loop_count(const sluice_host*) noexcept { return the_loops->size(); }

sluice_loop* loop_at(const sluice_host*, std::size_t index) noexcept {
    return index < the_loops->size() ? as_plugin_loop(the_loops->at(index)) : nullptr;
}

std::size_t loop_index(const sluice_loop* loop) noexcept { return host_loop(loop).index(); }

std::int32_t loop_is_current(const sluice_loop* loop) noexcept { return host_loop(loop).is_current() ? 1 : 0; }

std::uint64_t loop_now_ns(const sluice_loop* loop) noexcept { return host_loop(loop).now_ns(); }

sluice_status loop_post(sluice_loop* loop, sluice_callback_fn fn, void* ctx) noexcept {
    try {
        return host_loop(loop).post([fn, ctx] { fn(ctx); }) ? SLUICE_OK : SLUICE_CANCELLED;
    } catch (const std::bad_alloc&) {
        return SLUICE_E_NO_MEMORY;
    }
}

sluice_status loop_defer(sluice_loop* loop, sluice_callback_fn fn, void* ctx) noexcept {
    try {
        host_loop(loop).defer(fn, ctx);
        return SLUICE_OK;
    } catch (const std::bad_alloc&) {
        return SLUICE_E_NO_MEMORY;
    }
}

sluice_status loop_watch(sluice_loop* loop, const sluice_host*, std::int32_t fd, std::uint32_t readiness,
                         sluice_watch_fn fn, void* ctx, sluice_watch** out) noexcept {
    EventLoop& owner = host_loop(loop);
    std::unique_ptr<sluice_watch> watch(new (std::nothrow) sluice_watch(owner, fd, readiness, fn, ctx));
    if (!watch) return SLUICE_E_NO_MEMORY;
    if (!owner.add(fd, epoll_bits(readiness), *watch)) return SLUICE_E_INVALID;
    *out = watch.release();
    return SLUICE_OK;
}

sluice_status loop_watch_set(sluice_watch* watch, std::uint32_t readiness) noexcept {
    if (watch->readiness == readiness) return SLUICE_OK;
    watch->readiness = readiness;
    watch->loop.modify(watch->descriptor, epoll_bits(readiness), *watch);
    return SLUICE_OK;
}

void loop_unwatch(sluice_watch* watch) noexcept {
    EventLoop& owner = watch->loop;
    owner.remove(watch->descriptor);
    owner.retire(std::unique_ptr<EventHandler>(watch));
}

sluice_status loop_timer_create(sluice_loop* loop, const sluice_host*, sluice_callback_fn fn, void* ctx,
                                sluice_timer** out) noexcept {
    *out = new (std::nothrow) sluice_timer(host_loop(loop), fn, ctx);
    return *out ? SLUICE_OK : SLUICE_E_NO_MEMORY;
}

void loop_timer_set(sluice_timer* timer, std::uint64_t delay_ms) noexcept {
    EventLoop& owner = timer->loop;
    constexpr std::uint64_t kLongestMs = 1000ull * 60 * 60 * 24 * 365;
    owner.timers().set(*timer, owner.now_ns() + std::min(delay_ms, kLongestMs) * 1'000'000u);
}

void loop_timer_stop(sluice_timer* timer) noexcept { timer->loop.timers().stop(*timer); }

void loop_timer_destroy(sluice_timer* timer) noexcept { delete timer; }

constexpr sluice_host_loop kTable{
    sizeof(sluice_host_loop),
    0,
    loop_count,
    loop_at,
    loop_index,
    loop_is_current,
    loop_now_ns,
    loop_post,
    loop_defer,
    loop_watch,
    loop_watch_set,
    loop_unwatch,
    loop_timer_create,
    loop_timer_set,
    loop_timer_stop,
    loop_timer_destroy,
};

}  // namespace

const sluice_host_loop* loop_interface(LoopGroup& loops) noexcept {
    the_loops = &loops;
    return &kTable;
}

}  // namespace sluice::net
