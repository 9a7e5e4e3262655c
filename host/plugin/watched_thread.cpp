#include "plugin/watched_thread.hpp"

#include <algorithm>
#include <mutex>
#include <vector>

namespace sluice::plugin {
namespace {

struct All {
    std::mutex mutex;
    std::vector<Watched*> threads;
};

All& all() {
    static All threads;
    return threads;
}

}  // namespace

WatchedThread::WatchedThread(ThreadKind kind, std::uint32_t number)
    : watched_(std::make_unique<Watched>(Watched{entry_slot, kind, number})) {
    if (kind == ThreadKind::kLoop) entry_slot.shard = number;
    const std::lock_guard lock(all().mutex);
    all().threads.push_back(watched_.get());
}

WatchedThread::~WatchedThread() {
    entry_slot.shard = observability::ShardedCount::kNoShard;
    const std::lock_guard lock(all().mutex);
    std::erase(all().threads, watched_.get());
}

void for_each_watched_thread(const std::function<void(Watched&)>& look) {
    const std::lock_guard lock(all().mutex);
    for (Watched* watched : all().threads) look(*watched);
}

}  // namespace sluice::plugin
