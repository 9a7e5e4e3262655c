#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice::net {

/// Decides which loop a connection belongs to: the fewest loops that keep up with the load have all of it.
///
/// Rationale: what becomes ready together is cheaper done together. A loop that finds five events when it wakes pays
/// for one wake-up, and its five sends wake each peer once; the same events spread over loops cost a wake-up each.
class Placement {
public:
    /// Above this a loop gets no new connection while another one is below it.
    static constexpr std::uint32_t kFullPercent = 60;
    /// Above this a loop gives connections away between two requests, to one that is below kFreePercent.
    static constexpr std::uint32_t kOverloadedPercent = 90;
    static constexpr std::uint32_t kFreePercent = 50;
    /// How many it gives away in one window of LoopLoad.
    static constexpr std::uint32_t kMovesPerWindow = 4;

    explicit Placement(std::size_t loops) : placed_(loops) {}

    /// The loop for a new connection, by the loops' loads in percent. What a connection will cost shows only later:
    /// each counts for half a percent until the next window, so that a rush of clients spreads over all loops.
    std::size_t choose(const std::vector<std::uint32_t>& percents, std::uint64_t now_ns);

private:
    std::vector<std::uint32_t> placed_;  ///< connections given to each loop in this window
    std::uint64_t window_began_ns_ = 0;
};

}  // namespace sluice::net
