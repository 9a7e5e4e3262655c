#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "net/event_loop.hpp"

namespace sluice::net {

/// The event loops of one gateway; their number is fixed for its life.
class LoopGroup {
public:
    /// Makes `count` loops, not yet running.
    explicit LoopGroup(std::size_t count);
    void start();
    void stop_and_join();
    /// Returns once every loop has finished the round it was in. Not on a loop.
    void settle();

    std::size_t size() const noexcept { return loops_.size(); }
    EventLoop& at(std::size_t index) noexcept { return *loops_[index]; }

private:
    std::vector<std::unique_ptr<EventLoop>> loops_;
};

}  // namespace sluice::net
