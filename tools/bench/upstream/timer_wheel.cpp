#include "upstream/timer_wheel.hpp"

#include <algorithm>
#include <utility>

namespace sluice::bench {
namespace {

constexpr std::size_t kSlots = 8192;
constexpr std::chrono::milliseconds kLongestDelay{kSlots - 1};

}  // namespace

TimerWheel::TimerWheel() : slots_(kSlots) {}

void TimerWheel::schedule(const std::shared_ptr<Connection>& connection, std::chrono::milliseconds delay) {
    slot_at(now_ + std::clamp(delay, std::chrono::milliseconds(1), kLongestDelay)).push_back(connection);
    waiting_++;
}

std::vector<std::shared_ptr<Connection>> TimerWheel::advance(std::chrono::milliseconds now) {
    std::vector<std::shared_ptr<Connection>> due;
    while (!is_empty() && now_ < now) {
        now_ += std::chrono::milliseconds(1);
        Slot slot = std::exchange(slot_at(now_), Slot{});
        waiting_ -= slot.size();
        for (const auto& entry : slot) {
            if (auto connection = entry.lock()) due.push_back(std::move(connection));
        }
    }
    // An empty wheel jumps: turning through an idle phase afterwards would hurry the next delays.
    if (is_empty()) now_ = std::max(now_, now);
    return due;
}

TimerWheel::Slot& TimerWheel::slot_at(std::chrono::milliseconds time) {
    return slots_[static_cast<std::size_t>(time.count()) % kSlots];
}

}  // namespace sluice::bench
