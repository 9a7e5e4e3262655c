// Steps in their order.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "step.hpp"

namespace sluice::fault {

class Script {
public:
    // Where one row of requests stands.
    struct Position {
        std::size_t step = 0;
        std::uint32_t taken = 0;  // requests of that step
    };

    Script() = default;
    explicit Script(std::vector<Step> steps, bool repeats = false) : steps_(std::move(steps)), repeats_(repeats) {}

    // The step of the next request, `since_first` after the first one of the instance; null where none holds any more,
    // or there are none.
    const Step* next(Position& position, std::chrono::nanoseconds since_first) const;

    std::size_t size() const noexcept { return steps_.size(); }

private:
    bool takes(const Step& step, Position& position, std::chrono::nanoseconds since_first) const;

    std::vector<Step> steps_;
    bool repeats_ = false;
};

}  // namespace sluice::fault
