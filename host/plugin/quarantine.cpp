#include "plugin/quarantine.hpp"

#include <algorithm>

namespace sluice::plugin {

bool Quarantine::add_failure(Time now, std::uint64_t calls) {
    if (is_closed_) {
        // Of the trial, or of a call that began before; either way it is too early to trust the instance again.
        has_trial_failed_ = is_trying_;
        return false;
    }
    const std::size_t needed = limits_.failures();
    if (needed == 0) return false;
    last_failures_.push_back({now, calls});
    while (last_failures_.size() > needed) last_failures_.pop_front();
    if (last_failures_.size() < needed) return false;
    const Failure& first = last_failures_.front();
    const bool are_close = now - first.time <= limits_.window();
    const std::uint64_t calls_since = calls - std::min(calls, first.calls) + 1;
    if (!are_close || 2 * needed < calls_since) return false;
    is_closed_ = true;
    next_trial_ = now + limits_.retry();
    last_failures_.clear();
    return true;
}

bool Quarantine::begin_trial(Time now) noexcept {
    if (!is_closed_ || is_trying_ || now < next_trial_) return false;
    is_trying_ = true;
    has_trial_failed_ = false;
    return true;
}

bool Quarantine::end_trial(Time now, CallOutcome outcome) noexcept {
    if (!is_trying_) return false;
    is_trying_ = false;
    if (has_trial_failed_) {
        next_trial_ = now + limits_.retry();
        return false;
    }
    if (outcome == CallOutcome::kUnknown) return false;
    is_closed_ = false;
    return true;
}

std::chrono::milliseconds Quarantine::until_trial(Time now) const noexcept {
    if (now >= next_trial_) return std::chrono::milliseconds(0);
    return std::chrono::ceil<std::chrono::milliseconds>(next_trial_ - now);
}

}  // namespace sluice::plugin
