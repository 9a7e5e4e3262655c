#pragma once

#include "plugin/plugin_entry.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace sluice::plugin {

/// What threads may do inside plugins: a loop must not be held; a worker may be, while its call lives.
enum class ThreadKind { kLoop, kWorker };

/// What a watchdog knows about a frame of a slot.
struct SeenFrame {
    std::uint64_t frame = 0;
    std::chrono::nanoseconds held{0};  ///< how long it was seen as the innermost; of a worker's: while it was hurried
    bool is_hurried = false;
    bool is_reported = false;
    std::shared_ptr<Conduct> conduct;  ///< once it is reported
};

struct Watched {
    EntrySlot& slot;
    ThreadKind kind;
    std::uint32_t number;
    std::array<SeenFrame, EntrySlot::kDepth> seen{};
};

/// Has this thread watched as long as the object lives, which is made and destroyed on the thread.
class WatchedThread {
public:
    /// `number`: of a loop, its index, which is its shard too.
    WatchedThread(ThreadKind kind, std::uint32_t number);
    ~WatchedThread();
    WatchedThread(const WatchedThread&) = delete;
    WatchedThread& operator=(const WatchedThread&) = delete;

private:
    std::unique_ptr<Watched> watched_;
};

/// Calls `look` for each watched thread, none of which ends meanwhile. [any-thread]
void for_each_watched_thread(const std::function<void(Watched&)>& look);

}  // namespace sluice::plugin
