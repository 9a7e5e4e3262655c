#include "net/loop_interface.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <new>
#include <utility>

#include "net/timer_wheel.hpp"
#include "plugin/plugin_entry.hpp"
#include "plugin/plugin_instance.hpp"

namespace sluice::net {

namespace {

using observability::PluginFunction;
using plugin::Conduct;

Conduct* conduct_of(const sluice_host* host) noexcept {
    return host ? &plugin::PluginInstance::from(host).conduct() : nullptr;
}

/// Runs a function that was given to a loop; `owner` is null where nobody knows whose it is.
template <class Function, class... More>
void run_for(Conduct* owner, PluginFunction entered, Function fn, void* ctx, More... more) noexcept {
    if (owner) return plugin::run_callback(*owner, entered, [&] { fn(ctx, more...); });
    plugin::EntrySlot& slot = plugin::entry_slot;
    slot.stray.store(reinterpret_cast<const void*>(fn), std::memory_order_relaxed);
    slot.enter(0, nullptr, entered);
    fn(ctx, more...);
    slot.leave();
}

}  // namespace

}  // namespace sluice::net

/// A plugin's descriptor in a loop. Deleted after the round in which it was unwatched.
struct sluice_watch final : sluice::net::EventHandler {
    sluice::net::EventLoop& loop;
    int descriptor;
    std::uint32_t readiness;
    sluice::plugin::Conduct* conduct;
    sluice_watch_fn callback;
    void* ctx;

    sluice_watch(sluice::net::EventLoop& owner, int fd, std::uint32_t wanted, const sluice_host* host,
                 sluice_watch_fn fn, void* context)
        : loop(owner),
          descriptor(fd),
          readiness(wanted),
          conduct(sluice::net::conduct_of(host)),
          callback(fn),
          ctx(context) {}

    void on_events(std::uint32_t events) override {
        std::uint32_t seen = 0;
        if (events & EPOLLIN) seen |= SLUICE_READABLE;
        if (events & EPOLLOUT) seen |= SLUICE_WRITABLE;
        if (events & EPOLLRDHUP) seen |= SLUICE_PEER_CLOSED;
        if (events & (EPOLLERR | EPOLLHUP)) seen |= SLUICE_FAILED;
        sluice::net::run_for(conduct, sluice::net::PluginFunction::kWatch, callback, ctx, seen);
    }
};

struct sluice_timer final : sluice::net::Timer {
    sluice::net::EventLoop& loop;
    sluice::plugin::Conduct* conduct;
    sluice_callback_fn callback;
    void* ctx;

    sluice_timer(sluice::net::EventLoop& owner, const sluice_host* host, sluice_callback_fn fn, void* context)
        : loop(owner), conduct(sluice::net::conduct_of(host)), callback(fn), ctx(context) {}
    void on_timer() override { sluice::net::run_for(conduct, sluice::net::PluginFunction::kTimer, callback, ctx); }
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

extern "C" {
extern const char __executable_start;
extern const char etext;
}

/// Some of what is posted is the host's own: answers of stores.
bool is_host_code(const void* function) noexcept {
    return std::greater_equal<>()(function, static_cast<const void*>(&__executable_start)) &&
           std::less<>()(function, static_cast<const void*>(&etext));
}

sluice_status loop_post(sluice_loop* loop, sluice_callback_fn fn, void* ctx) noexcept {
    try {
        EventLoop& target = host_loop(loop);
        const auto* code = reinterpret_cast<const void*>(fn);
        if (is_host_code(code)) return target.post([fn, ctx] { fn(ctx); }) ? SLUICE_OK : SLUICE_CANCELLED;
        // Whose it is: of the plugin that posts it. On a thread of a plugin's own that can be said where it has one
        // instance only.
        Conduct* const poster = plugin::entry_slot.current();
        auto owner = poster ? poster->shared_from_this() : Conduct::owner_of(code);
        auto task = [fn, ctx, owner = std::move(owner)] { run_for(owner.get(), PluginFunction::kPost, fn, ctx); };
        return target.post(std::move(task)) ? SLUICE_OK : SLUICE_CANCELLED;
    } catch (const std::bad_alloc&) {
        return SLUICE_E_NO_MEMORY;
    }
}

sluice_status loop_defer(sluice_loop* loop, sluice_callback_fn fn, void* ctx) noexcept {
    try {
        host_loop(loop).defer(fn, ctx, plugin::entry_slot.current());
        return SLUICE_OK;
    } catch (const std::bad_alloc&) {
        return SLUICE_E_NO_MEMORY;
    }
}

sluice_status loop_watch(sluice_loop* loop, const sluice_host* host, std::int32_t fd, std::uint32_t readiness,
                         sluice_watch_fn fn, void* ctx, sluice_watch** out) noexcept {
    EventLoop& owner = host_loop(loop);
    std::unique_ptr<sluice_watch> watch(new (std::nothrow) sluice_watch(owner, fd, readiness, host, fn, ctx));
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

sluice_status loop_timer_create(sluice_loop* loop, const sluice_host* host, sluice_callback_fn fn, void* ctx,
                                sluice_timer** out) noexcept {
    *out = new (std::nothrow) sluice_timer(host_loop(loop), host, fn, ctx);
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
