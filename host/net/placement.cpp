#include "net/placement.hpp"

#include <algorithm>

#include "net/loop_load.hpp"

namespace sluice::net {

namespace {

constexpr std::uint32_t kConnectionsPerPercent = 2;

}  // namespace

std::size_t Placement::choose(const std::vector<std::uint32_t>& percents, std::uint64_t now_ns) {
    if (now_ns - window_began_ns_ >= LoopLoad::kWindowNs) {
        window_began_ns_ = now_ns;
        std::fill(placed_.begin(), placed_.end(), 0);
    }
    auto expected = [&](std::size_t loop) { return percents[loop] + placed_[loop] / kConnectionsPerPercent; };
    std::size_t chosen = 0;
    for (std::size_t loop = 0; loop < placed_.size(); ++loop) {
        if (expected(loop) < expected(chosen)) chosen = loop;
        if (expected(loop) >= kFullPercent) continue;
        chosen = loop;
        break;
    }
    ++placed_[chosen];
    return chosen;
}

}  // namespace sluice::net
