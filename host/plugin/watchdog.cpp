#include "plugin/watchdog.hpp"

#include "observability/blocked_signals.hpp"
#include "plugin/overrun_watch.hpp"
#include "plugin/watched_thread.hpp"

#include <algorithm>
#include <chrono>

namespace sluice::plugin {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// A tenth of the shortest limit, so that what is reported is out by no more; within what costs little.
milliseconds pause_between_looks(const ContainmentLimits& limits) {
    milliseconds shortest = limits.cancel();
    if (limits.hook().count() > 0) shortest = std::min(shortest, limits.hook());
    return std::clamp(shortest / 10, milliseconds(1), milliseconds(20));
}

}  // namespace

Watchdog::Watchdog(const ContainmentLimits& limits) : limits_(limits) {
    thread_ = std::thread([this] {
        observability::block_all_signals();
        run();
    });
}

Watchdog::~Watchdog() {
    {
        const std::lock_guard lock(mutex_);
        is_ending_ = true;
    }
    is_over_.notify_all();
    thread_.join();
}

void Watchdog::run() {
    OverrunWatch watch(limits_);
    Clock::time_point last = Clock::now();
    std::unique_lock lock(mutex_);
    while (!is_ending_) {
        const milliseconds pause = pause_between_looks(limits_);
        is_over_.wait_for(lock, pause, [this] { return is_ending_; });
        const Clock::time_point now = Clock::now();
        watch.begin_round(now - last, 4 * pause);
        last = now;
        for_each_watched_thread([&](Watched& thread) { watch.look_at(thread); });
    }
}

}  // namespace sluice::plugin
