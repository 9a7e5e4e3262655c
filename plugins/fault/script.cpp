#include "script.hpp"

namespace sluice::fault {

// Each step is looked at once, and that of the position again when the script begins anew.
const Step* Script::next(Position& position, std::chrono::nanoseconds since_first) const {
    for (std::size_t looked_at = 0; looked_at <= steps_.size(); ++looked_at) {
        if (position.step >= steps_.size()) {
            if (!repeats_) return nullptr;
            position = {};
        }
        if (position.step < steps_.size() && takes(steps_[position.step], position, since_first)) {
            return &steps_[position.step];
        }
        position = {position.step + 1, 0};
    }
    return nullptr;
}

bool Script::takes(const Step& step, Position& position, std::chrono::nanoseconds since_first) const {
    if (step.until) return since_first < *step.until;
    const bool is_last = position.step + 1 == steps_.size();
    if (is_last && !repeats_ && !step.times) return true;
    if (position.taken >= step.times.value_or(1)) return false;
    ++position.taken;
    return true;
}

}  // namespace sluice::fault
