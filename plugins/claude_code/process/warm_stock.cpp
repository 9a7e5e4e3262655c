#include "process/warm_stock.hpp"

#include <algorithm>
#include <utility>

namespace sluice::claude_code {
namespace {

constexpr std::chrono::milliseconds kShortestDelay{1000};
constexpr std::chrono::milliseconds kLongestDelay{60'000};

}  // namespace

WarmStock::WarmStock(Clock clock, Log log, std::map<std::string, std::size_t> wanted)
    : clock_(clock), log_(log), wanted_(std::move(wanted)) {}

// One at a time: a start takes a whole core.
const std::string* WarmStock::missing(const ProcessTable& table) const noexcept {
    if (!is_wanted_ || table.count(ProcessState::kStarting) > 0 || clock_.monotonic() < next_start_) return nullptr;
    for (const auto& [model, count] : wanted_) {
        if (table.count_warm(model) < count) return &model;
    }
    return nullptr;
}

// One line in the log, not one for every attempt.
void WarmStock::has_failed(const std::string& how) {
    if (delay_.count() == 0) log_.warn("a warm process " + how + "; starting the next ones is slowed down");
    delay_ = std::clamp(delay_ * 2, kShortestDelay, kLongestDelay);
    next_start_ = clock_.monotonic() + delay_;
}

}  // namespace sluice::claude_code
