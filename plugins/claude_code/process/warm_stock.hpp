// How many processes shall wait for new sessions, and when the next one may start.
#pragma once

#include <sluice/cpp/clock.hpp>
#include <sluice/cpp/log.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <string>

#include "process/process_table.hpp"

namespace sluice::claude_code {

// Everything is [home-loop].
class WarmStock {
public:
    // `wanted` by the program's name of the model. None are wanted until keep().
    WarmStock(Clock clock, Log log, std::map<std::string, std::size_t> wanted);

    void keep(bool is_wanted) noexcept { is_wanted_ = is_wanted; }
    // The model of one that is missing, and may start now; null: none.
    const std::string* missing(const ProcessTable& table) const noexcept;
    // When the next one may start. 0: at once.
    std::chrono::nanoseconds next_start() const noexcept {
        return is_wanted_ ? next_start_ : std::chrono::nanoseconds(0);
    }

    // After each one that fails the next one waits twice as long, for a minute at most, until one is ready.
    void has_failed(const std::string& how);
    void is_ready() noexcept { delay_ = std::chrono::milliseconds(0); }

private:
    const Clock clock_;
    const Log log_;
    const std::map<std::string, std::size_t> wanted_;
    bool is_wanted_ = false;
    std::chrono::milliseconds delay_{0};
    std::chrono::nanoseconds next_start_{0};
};

}  // namespace sluice::claude_code
