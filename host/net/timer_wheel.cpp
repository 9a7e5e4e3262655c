#include "net/timer_wheel.hpp"

#include <algorithm>
#include <bit>

namespace sluice::net {

Timer::~Timer() {
    if (wheel_) wheel_->unlink(*this);
}

TimerWheel::TimerWheel(std::uint64_t now_ns) : current_tick_(now_ns >> kTickShift) {}

void TimerWheel::set(Timer& timer, std::uint64_t deadline_ns) {
    timer.wanted_ns_ = deadline_ns;
    // Rounded up: the tick that begins after the deadline.
    std::uint64_t tick = std::max((deadline_ns >> kTickShift) + 1, current_tick_ + 1);
    if (timer.wheel_) {
        if (timer.armed_tick_ <= tick) return;
        unlink(timer);
    }
    link(timer, tick);
}

void TimerWheel::link(Timer& timer, std::uint64_t tick) {
    std::uint64_t distance = tick - current_tick_;
    constexpr std::uint64_t kReach = 1ull << (kBits * kLevels);
    if (distance >= kReach) tick = current_tick_ + kReach - 1;
    timer.armed_tick_ = tick;
    std::uint32_t level = 0;
    while (level + 1 < kLevels && (tick >> (kBits * (level + 1))) != (current_tick_ >> (kBits * (level + 1)))) ++level;
    std::uint32_t slot = level * kSlots + static_cast<std::uint32_t>((tick >> (kBits * level)) & (kSlots - 1));
    timer.slot_ = slot;
    timer.wheel_ = this;
    timer.previous_ = nullptr;
    timer.next_ = slots_[slot];
    if (timer.next_) timer.next_->previous_ = &timer;
    slots_[slot] = &timer;
    occupied_[level] |= 1ull << (slot & (kSlots - 1));
}

void TimerWheel::unlink(Timer& timer) noexcept {
    if (timer.previous_) {
        timer.previous_->next_ = timer.next_;
    } else {
        slots_[timer.slot_] = timer.next_;
        if (!timer.next_) occupied_[timer.slot_ / kSlots] &= ~(1ull << (timer.slot_ & (kSlots - 1)));
    }
    if (timer.next_) timer.next_->previous_ = timer.previous_;
    timer.wheel_ = nullptr;
    timer.previous_ = timer.next_ = nullptr;
}

void TimerWheel::cascade(std::uint32_t level) {
    std::uint32_t slot = level * kSlots + static_cast<std::uint32_t>((current_tick_ >> (kBits * level)) & (kSlots - 1));
    Timer* timer = slots_[slot];
    while (timer) {
        Timer* next = timer->next_;
        std::uint64_t tick = timer->armed_tick_;
        unlink(*timer);
        link(*timer, tick);
        timer = next;
    }
}

void TimerWheel::fire_slot(std::uint32_t slot, std::uint64_t now_ns) {
    // Always the first of the list: what fires may set, stop or destroy any timer.
    while (Timer* timer = slots_[slot]) {
        std::uint64_t wanted = timer->wanted_ns_;
        unlink(*timer);
        if (wanted == Timer::kNever) continue;
        if (wanted > now_ns) {
            link(*timer, std::max((wanted >> kTickShift) + 1, current_tick_ + 1));
            continue;
        }
        timer->wanted_ns_ = Timer::kNever;
        timer->on_timer();
    }
}

std::uint64_t TimerWheel::next_tick_with_work() const noexcept {
    for (std::uint32_t level = 0; level < kLevels; ++level) {
        auto position = static_cast<int>((current_tick_ >> (kBits * level)) & (kSlots - 1));
        std::uint64_t ahead = position == 63 ? 0 : occupied_[level] & (~0ull << (position + 1));
        if (!ahead) continue;
        std::uint64_t base = (current_tick_ >> (kBits * (level + 1))) << (kBits * (level + 1));
        return base + (static_cast<std::uint64_t>(std::countr_zero(ahead)) << (kBits * level));
    }
    // Nothing ahead in any level's present round; what lies beyond the top level is reached at its next round.
    bool has_any = std::any_of(occupied_.begin(), occupied_.end(), [](std::uint64_t bits) { return bits != 0; });
    return has_any ? ((current_tick_ >> (kBits * kLevels)) + 1) << (kBits * kLevels) : Timer::kNever;
}

void TimerWheel::advance(std::uint64_t now_ns) {
    std::uint64_t target = now_ns >> kTickShift;
    while (current_tick_ < target) {
        std::uint64_t next = next_tick_with_work();
        if (next > target) {
            current_tick_ = target;
            return;
        }
        current_tick_ = next;
        for (std::uint32_t level = kLevels; level-- > 1;) {
            std::uint64_t mask = (1ull << (kBits * level)) - 1;
            if ((current_tick_ & mask) == 0) cascade(level);
        }
        fire_slot(static_cast<std::uint32_t>(current_tick_ & (kSlots - 1)), now_ns);
    }
}

int TimerWheel::milliseconds_to_next(std::uint64_t now_ns) const noexcept {
    std::uint64_t next = next_tick_with_work();
    if (next == Timer::kNever) return -1;
    std::uint64_t due_ns = next << kTickShift;
    if (due_ns <= now_ns) return 0;
    return static_cast<int>(std::min<std::uint64_t>((due_ns - now_ns) / 1'000'000 + 1, 3'600'000));
}

}  // namespace sluice::net
