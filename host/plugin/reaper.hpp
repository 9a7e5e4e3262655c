#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace sluice::plugin {

/// Destroys what may hold the last reference to a plugin: instances, and what is made of them. Destroying waits for
/// loops and for the plugin's own threads, and closing a library from a stack that stands in it kills the process, so
/// neither may happen on the thread that happens to let go last. [any-thread]
class Reaper {
public:
    Reaper();
    /// Destroys what was handed over, and waits for it. Handles that are dropped later destroy where they are dropped.
    ~Reaper();
    Reaper(const Reaper&) = delete;
    Reaper& operator=(const Reaper&) = delete;

    /// A handle on `object`: when the last copy is dropped, on whichever thread, the object is destroyed on the
    /// reaper's thread, in the order of dropping.
    template <class T>
    std::shared_ptr<T> own(std::unique_ptr<T> object) {
        // Made now: letting go must not need memory.
        auto remains = std::make_unique<RemainsOf<T>>();
        T* const address = object.get();
        remains->object = std::move(object);
        return std::shared_ptr<T>(address, Handover{queue_, remains.release()});
    }

    /// Returns once everything that was dropped before this call is destroyed. Not on the reaper's thread.
    void settle();

private:
    struct Remains {
        virtual ~Remains() = default;
        std::unique_ptr<Remains> next;
    };
    template <class T>
    struct RemainsOf final : Remains {
        std::unique_ptr<T> object;
    };
    struct Queue {
        void put(std::unique_ptr<Remains> remains) noexcept;

        std::mutex mutex;
        std::condition_variable has_changed;
        std::unique_ptr<Remains> first;  // under mutex, as all below
        Remains* last = nullptr;
        bool is_busy = false;
        bool is_closed = false;
    };
    struct Handover {
        std::shared_ptr<Queue> queue;
        Remains* remains;  // owned: a shared_ptr calls its deleter exactly once

        void operator()(const void*) const noexcept { queue->put(std::unique_ptr<Remains>(remains)); }
    };

    void run();

    std::shared_ptr<Queue> queue_;
    std::thread thread_;
};

}  // namespace sluice::plugin
