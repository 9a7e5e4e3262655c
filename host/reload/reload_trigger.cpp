#include "reload/reload_trigger.hpp"

#include <utility>

namespace sluice::reload {

ReloadTrigger::ReloadTrigger(Reloader& reloader) : reloader_(reloader), thread_([this] { run(); }) {}

ReloadTrigger::~ReloadTrigger() { stop(); }

void ReloadTrigger::request(std::string cause) {
    {
        const std::lock_guard lock(mutex_);
        cause_ = std::move(cause);
    }
    has_changed_.notify_one();
}

void ReloadTrigger::stop() {
    {
        const std::lock_guard lock(mutex_);
        is_ending_ = true;
    }
    has_changed_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void ReloadTrigger::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        has_changed_.wait(lock, [this] { return is_ending_ || !cause_.empty(); });
        if (is_ending_) return;
        const std::string cause = std::exchange(cause_, {});
        lock.unlock();
        reloader_.reload(cause);
        lock.lock();
    }
}

}  // namespace sluice::reload
