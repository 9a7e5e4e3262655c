#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "generation/generation.hpp"

namespace sluice::reload {

/// Watches generations that no longer serve until the last request has let go of them: cuts what takes too long, and
/// says when they are gone, or that they will not go. [any-thread]
class GenerationDrain {
public:
    /// `cut` ends what still belongs to a generation, `abandon` leaves the clients that do not take that. `on_tick`
    /// runs now and then while something drains, and once nothing does; it is told how many do. All run on the drain's
    /// own thread.
    GenerationDrain(std::function<void(std::uint64_t number)> cut, std::function<void(std::uint64_t number)> abandon,
                    std::function<void(std::size_t draining)> on_tick);
    /// Watches no longer.
    ~GenerationDrain();
    GenerationDrain(const GenerationDrain&) = delete;
    GenerationDrain& operator=(const GenerationDrain&) = delete;

    /// Takes no hold of the generation.
    void watch(const std::shared_ptr<const generation::Generation>& retired, std::chrono::milliseconds patience);

    struct Draining {
        std::uint64_t number;
        std::chrono::milliseconds age;
        bool is_cut;
    };
    std::vector<Draining> draining() const;

private:
    using Clock = std::chrono::steady_clock;
    enum class Stage { kDraining, kCut, kAbandoned, kStuck };
    struct Retired {
        std::weak_ptr<const generation::Generation> generation;
        std::uint64_t number;
        Clock::time_point since;
        Clock::time_point cut_at;
        Stage stage = Stage::kDraining;
    };

    void run();
    void look_at_locked(Retired& retired, Clock::time_point now);

    const std::function<void(std::uint64_t)> cut_;
    const std::function<void(std::uint64_t)> abandon_;
    const std::function<void(std::size_t)> on_tick_;
    mutable std::mutex mutex_;
    std::condition_variable has_changed_;
    std::vector<Retired> retired_;
    bool is_ending_ = false;
    std::thread thread_;
};

}  // namespace sluice::reload
