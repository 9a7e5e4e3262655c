#include "net/event_loop.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <system_error>

#include "plugin/plugin_entry.hpp"
#include "plugin/watched_thread.hpp"

namespace sluice::net {

namespace {

constexpr std::size_t kPaddingBytes = 64;
constexpr std::size_t kSpareBuffers = 64;
constexpr std::size_t kSpareBufferBytes = 128 * 1024;

std::uint64_t clock_ns(clockid_t clock) noexcept {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace

EventLoop::EventLoop(std::size_t index)
    : index_(index),
      now_ns_(clock_ns(CLOCK_MONOTONIC)),
      timers_(now_ns_),
      receive_buffer_(new char[kReceiveBytes + kPaddingBytes]),
      events_(512) {
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    wake_descriptor_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (epoll_ < 0 || wake_descriptor_ < 0) {
        throw std::system_error(errno, std::generic_category(), "cannot create an event loop");
    }
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = nullptr;  // the wake descriptor is the one without a handler
    epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_descriptor_, &event);
}

EventLoop::~EventLoop() {
    stop_and_join();
    close(wake_descriptor_);
    close(epoll_);
}

void EventLoop::start() {
    thread_ = std::thread([this] { run(); });
    thread_id_ = thread_.get_id();
}

void EventLoop::stop_and_join() {
    is_stopping_ = true;
    wake();
    if (thread_.joinable()) thread_.join();
}

bool EventLoop::is_current() const noexcept {
    return thread_id_.load(std::memory_order_relaxed) == std::this_thread::get_id();
}

const std::string& EventLoop::http_date() {
    timespec now{};
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec != date_second_) {
        date_second_ = now.tv_sec;
        std::tm parts{};
        gmtime_r(&now.tv_sec, &parts);
        char text[40];
        date_.assign(text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts));
    }
    return date_;
}

bool EventLoop::post(std::function<void()> task) {
    {
        std::lock_guard lock(posted_mutex_);
        if (has_stopped_) return false;
        posted_.push_back(std::move(task));
        if (posted_.size() > 1) return true;  // whoever posted the first one has woken the loop
    }
    wake();
    return true;
}

void EventLoop::wake() noexcept {
    std::uint64_t one = 1;
    [[maybe_unused]] ssize_t written = write(wake_descriptor_, &one, sizeof one);
}

bool EventLoop::add(int descriptor, std::uint32_t events, EventHandler& handler) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = &handler;
    return epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void EventLoop::modify(int descriptor, std::uint32_t events, EventHandler& handler) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = &handler;
    epoll_ctl(epoll_, EPOLL_CTL_MOD, descriptor, &event);
}

void EventLoop::remove(int descriptor) noexcept { epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr); }

void EventLoop::retire(std::unique_ptr<EventHandler> handler) {
    handler->is_retired_ = true;
    graveyard_.push_back(std::move(handler));
}

void EventLoop::mark_for_flush(FlushTarget& target) {
    if (target.is_marked_for_flush) return;
    target.is_marked_for_flush = true;
    flush_list_.push_back(&target);
}

void EventLoop::forget_flush(FlushTarget& target) noexcept {
    if (!target.is_marked_for_flush) return;
    target.is_marked_for_flush = false;
    std::replace(flush_list_.begin(), flush_list_.end(), &target, static_cast<FlushTarget*>(nullptr));
}

void EventLoop::flush_marked() {
    // By index: a flush may mark further targets, and forget some.
    for (std::size_t i = 0; i < flush_list_.size(); ++i) {
        FlushTarget* target = flush_list_[i];
        if (!target) continue;
        target->is_marked_for_flush = false;
        flush_list_[i] = nullptr;
        target->flush();
    }
    flush_list_.clear();
}

std::string EventLoop::borrow_buffer() {
    if (spare_buffers_.empty()) return {};
    std::string buffer = std::move(spare_buffers_.back());
    spare_buffers_.pop_back();
    return buffer;
}

void EventLoop::return_buffer(std::string&& buffer) noexcept {
    if (buffer.capacity() > kSpareBufferBytes || spare_buffers_.size() >= kSpareBuffers) {
        std::string().swap(buffer);
        return;
    }
    buffer.clear();
    spare_buffers_.push_back(std::move(buffer));
}

void EventLoop::update_time() noexcept { now_ns_ = clock_ns(CLOCK_MONOTONIC); }

void EventLoop::run_posted() {
    std::vector<std::function<void()>> tasks;
    {
        std::lock_guard lock(posted_mutex_);
        tasks.swap(posted_);
    }
    for (auto& task : tasks) task();
}

void EventLoop::run_deferred() {
    // By index: what runs here may defer more.
    for (std::size_t i = 0; i < deferred_.size(); ++i) {
        Deferred work = deferred_[i];
        if (work.owner) {
            plugin::run_callback(*work.owner, observability::PluginFunction::kDefer, [&] { work.fn(work.ctx); });
        } else {
            work.fn(work.ctx);
        }
    }
    deferred_.clear();
}

void EventLoop::run_round(int timeout_ms) {
    int count = epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), timeout_ms);
    update_time();
    load_.begin_round();
    if (load_.is_window_over(now_ns_)) load_.begin_window(now_ns_, clock_ns(CLOCK_THREAD_CPUTIME_ID));
    bool has_posted = false;
    for (int i = 0; i < count; ++i) {
        auto* handler = static_cast<EventHandler*>(events_[static_cast<std::size_t>(i)].data.ptr);
        if (!handler) {
            std::uint64_t wakes = 0;
            [[maybe_unused]] ssize_t got = read(wake_descriptor_, &wakes, sizeof wakes);
            has_posted = true;
            continue;
        }
        if (handler->is_retired_) continue;
        handler->on_events(events_[static_cast<std::size_t>(i)].events);
    }
    if (has_posted) run_posted();
    timers_.advance(now_ns_);
    end_round();
    graveyard_.clear();
    update_time();
    load_.end_round();
}

// Sends come last and together: peers are woken once for all of them, and find more to do each time.
void EventLoop::end_round() {
    // A flush may start a pipelined request, whose backend defers its sending again.
    do {
        run_deferred();
        flush_marked();
    } while (!deferred_.empty());
}

void EventLoop::run() {
    thread_id_ = std::this_thread::get_id();
    const plugin::WatchedThread watched(plugin::ThreadKind::kLoop, static_cast<std::uint32_t>(index_));
    for (;;) {
        run_round(timers_.milliseconds_to_next(now_ns_));
        if (!is_stopping_) continue;
        std::lock_guard lock(posted_mutex_);
        if (posted_.empty()) {
            has_stopped_ = true;
            return;
        }
    }
}

}  // namespace sluice::net
