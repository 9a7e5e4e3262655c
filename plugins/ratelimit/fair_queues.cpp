#include "fair_queues.hpp"

#include <algorithm>
#include <utility>

#include "waiting_room.hpp"

namespace sluice::ratelimit {
namespace {

void wake(WaitingRoom* room) noexcept {
    if (room != nullptr) room->wake();
}

}  // namespace

bool FairQueues::has_waiting(std::string_view key) const noexcept {
    if (count_.load(std::memory_order_acquire) == 0) return false;
    const std::lock_guard<std::mutex> lock(mutex_);
    return queues_.find(key) != queues_.end();
}

bool FairQueues::join(Waiter& waiter, std::size_t max_length) noexcept {
    WaitingRoom* woken = nullptr;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        Queue& queue = queues_[waiter.key];
        if (queue.length >= max_length) return false;
        auto line = std::find_if(queue.lines.begin(), queue.lines.end(),
                                 [&waiter](const Line& each) { return each.owner == waiter.owner; });
        if (line == queue.lines.end()) line = queue.lines.insert(line, Line{waiter.owner, {}});
        line->waiters.push_back(&waiter);
        waiter.is_woken = false;
        ++count_;
        if (++queue.length == 1) woken = mark_first(queue);
    }
    wake(woken);
    return true;
}

void FairQueues::serve(Waiter& waiter) noexcept {
    WaitingRoom* woken = nullptr;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        woken = remove(waiter, true);
    }
    wake(woken);
}

void FairQueues::leave(Waiter& waiter) noexcept {
    WaitingRoom* woken = nullptr;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        woken = remove(waiter, false);
    }
    wake(woken);
}

bool FairQueues::is_first(const Waiter& waiter) const noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = queues_.find(waiter.key);
    return found != queues_.end() && found->second.lines.front().waiters.front() == &waiter;
}

void FairQueues::offer(std::string_view key) noexcept {
    if (count_.load(std::memory_order_acquire) == 0) return;
    WaitingRoom* woken = nullptr;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto found = queues_.find(key);
        if (found != queues_.end()) woken = mark_first(found->second);
    }
    wake(woken);
}

WaitingRoom* FairQueues::remove(Waiter& waiter, bool is_served) noexcept {
    const auto found = queues_.find(waiter.key);
    Queue& queue = found->second;
    const bool was_first = queue.lines.front().waiters.front() == &waiter;
    const auto line = std::find_if(queue.lines.begin(), queue.lines.end(),
                                   [&waiter](const Line& each) { return each.owner == waiter.owner; });
    line->waiters.erase(std::find(line->waiters.begin(), line->waiters.end(), &waiter));
    --count_;
    if (--queue.length == 0) {
        queues_.erase(found);
        return nullptr;
    }
    if (line->waiters.empty()) {
        queue.lines.erase(line);
    } else if (is_served) {
        std::rotate(line, line + 1, queue.lines.end());
    }
    return was_first ? mark_first(queue) : nullptr;
}

WaitingRoom* FairQueues::mark_first(const Queue& queue) noexcept {
    Waiter& first = *queue.lines.front().waiters.front();
    first.is_woken = true;
    return first.room;
}

}  // namespace sluice::ratelimit
