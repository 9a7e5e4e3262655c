#pragma once

#include "observability/plugin_function.hpp"
#include "observability/sharded_count.hpp"
#include "plugin/conduct.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace sluice::plugin {

/// Where a thread is inside plugins, innermost last: a plugin's call into the host may lead into another plugin. Its
/// own thread writes, the watchdog reads.
struct alignas(64) EntrySlot {
    static constexpr std::size_t kDepth = 5;

    /// Each entry has a number of its own, so that one look tells whether it is still the same as at the last one: bits
    /// 32 to 63; then the id of the conduct, and the function in the lowest byte. 0: nothing.
    std::array<std::atomic<std::uint64_t>, kDepth> frames{};
    /// On a worker: the frame that ought to come to its end, since its call has.
    std::atomic<std::uint64_t> hurried{0};
    /// The function that runs where nobody knows whose it is.
    std::atomic<const void*> stray{nullptr};
    std::array<Conduct*, kDepth> inside{};
    std::uint32_t depth = 0;
    std::uint32_t sequence = 0;
    std::uint32_t shard = observability::ShardedCount::kNoShard;  ///< the loop this thread is

    void enter(std::uint32_t id, Conduct* conduct, observability::PluginFunction function) noexcept {
        const std::uint32_t at = depth++;
        if (at >= kDepth) return;
        inside[at] = conduct;
        const std::uint64_t number = ++sequence;
        frames[at].store(number << 32 | std::uint64_t{id} << 8 | static_cast<std::uint64_t>(function),
                         std::memory_order_relaxed);
    }
    void leave() noexcept {
        const std::uint32_t at = --depth;
        if (at < kDepth) frames[at].store(0, std::memory_order_relaxed);
    }
    /// Who is innermost; null outside plugins. [own thread]
    Conduct* current() const noexcept { return depth == 0 || depth > kDepth ? nullptr : inside[depth - 1]; }
    std::uint64_t current_frame() const noexcept {
        return depth == 0 || depth > kDepth ? 0 : frames[depth - 1].load(std::memory_order_relaxed);
    }

    static std::uint32_t id_of(std::uint64_t frame) noexcept { return static_cast<std::uint32_t>(frame) >> 8; }
    static observability::PluginFunction function_of(std::uint64_t frame) noexcept {
        return static_cast<observability::PluginFunction>(frame & 0xFF);
    }
};
static_assert(Conduct::kIdBits == 24);

/// This thread's slot. Watched only on threads that have a WatchedThread.
inline constinit thread_local EntrySlot entry_slot;

/// For a call whose caller counts it with others at once: Conduct::counts().
struct CountedLater {};
inline constexpr CountedLater kCountedLater;

/// Stands around every call into a plugin, so that what it does to the thread is known by its name. Costs two stores
/// and a count.
class PluginEntry {
public:
    PluginEntry(Conduct& conduct, observability::PluginFunction function) noexcept : slot_(entry_slot) {
        slot_.enter(conduct.id(), &conduct, function);
        conduct.counts().called(function, slot_.shard);
    }
    PluginEntry(Conduct& conduct, observability::PluginFunction function, CountedLater) noexcept : slot_(entry_slot) {
        slot_.enter(conduct.id(), &conduct, function);
    }
    ~PluginEntry() { slot_.leave(); }
    PluginEntry(const PluginEntry&) = delete;
    PluginEntry& operator=(const PluginEntry&) = delete;

private:
    EntrySlot& slot_;
};

/// Runs a callback of a plugin. Callbacks must not throw; the types of the ABI do not say so, therefore what is thrown
/// ends here and is counted.
template <class Callback>
void run_callback(Conduct& conduct, observability::PluginFunction function, Callback&& callback) noexcept {
    const PluginEntry entry(conduct, function);
    try {
        std::forward<Callback>(callback)();
    } catch (...) {
        conduct.misbehaved(observability::Misbehaviour::kException);
    }
}

}  // namespace sluice::plugin
