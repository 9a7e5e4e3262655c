#include "plugin/reaper.hpp"

namespace sluice::plugin {

void Reaper::Queue::put(std::unique_ptr<Remains> remains) noexcept {
    std::unique_lock lock(mutex);
    if (is_closed) {
        lock.unlock();
        remains.reset();
        return;
    }
    Remains* const added = remains.get();
    (last != nullptr ? last->next : first) = std::move(remains);
    last = added;
    has_changed.notify_all();
}

Reaper::Reaper() : queue_(std::make_shared<Queue>()), thread_([this] { run(); }) {}

Reaper::~Reaper() {
    {
        const std::lock_guard lock(queue_->mutex);
        queue_->is_closed = true;
    }
    queue_->has_changed.notify_all();
    thread_.join();
}

void Reaper::settle() {
    std::unique_lock lock(queue_->mutex);
    queue_->has_changed.wait(lock, [this] { return queue_->first == nullptr && !queue_->is_busy; });
}

void Reaper::run() {
    std::unique_lock lock(queue_->mutex);
    for (;;) {
        queue_->has_changed.wait(lock, [this] { return queue_->first != nullptr || queue_->is_closed; });
        if (queue_->first == nullptr) {
            return;
        }
        std::unique_ptr<Remains> remains = std::move(queue_->first);
        queue_->first = std::move(remains->next);
        if (queue_->first == nullptr) {
            queue_->last = nullptr;
        }
        queue_->is_busy = true;
        lock.unlock();
        remains.reset();  // may hand over more
        lock.lock();
        queue_->is_busy = false;
        queue_->has_changed.notify_all();
    }
}

}  // namespace sluice::plugin
