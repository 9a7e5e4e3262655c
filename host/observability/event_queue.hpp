#pragma once

#include "observability/log_output.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace sluice::observability {

/// The queue of event lines and the one thread that writes them (spdlog). Full, it drops its oldest lines.
class EventQueue {
public:
    /// `output` outlives it.
    EventQueue(LogOutput& output, std::size_t capacity_lines);
    /// Writes what waits and ends the thread.
    ~EventQueue();
    EventQueue(const EventQueue&) = delete;
    EventQueue& operator=(const EventQueue&) = delete;

    /// Takes a line with its line end. Never blocks. [any-thread]
    void push(std::string_view line);

    /// Waits until all that was pushed before is written, or the time is over. [any-thread]
    void flush(std::chrono::milliseconds limit);

    /// Lines dropped since it was made. [any-thread]
    std::uint64_t dropped() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace sluice::observability
