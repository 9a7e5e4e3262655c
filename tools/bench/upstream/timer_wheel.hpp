#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

namespace sluice::bench {

class Connection;

/// Connections that wait for their next event, in slots of one millisecond. A connection that is gone
/// when its time comes is passed over. [one thread]
class TimerWheel {
public:
    TimerWheel();

    bool is_empty() const { return waiting_ == 0; }

    /// `delay` is cut to what the wheel holds, about eight seconds.
    void schedule(const std::shared_ptr<Connection>& connection, std::chrono::milliseconds delay);

    /// Turns the wheel to `now`, measured from any fixed point, and returns the connections that are due.
    std::vector<std::shared_ptr<Connection>> advance(std::chrono::milliseconds now);

private:
    using Slot = std::vector<std::weak_ptr<Connection>>;

    Slot& slot_at(std::chrono::milliseconds time);

    std::vector<Slot> slots_;
    std::chrono::milliseconds now_{0};
    std::size_t waiting_ = 0;
};

}  // namespace sluice::bench
