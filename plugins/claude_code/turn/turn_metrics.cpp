#include "turn/turn_metrics.hpp"

namespace sluice::claude_code {
namespace {

// By TurnOutcome.
constexpr std::array<std::string_view, 5> kOutcomes{"done", "length", "tool_calls", "failed", "cancelled"};
// In the order of show().
constexpr std::array<std::string_view, 6> kStates{"active", "warm", "idle", "parked", "starting", "stopping"};

}  // namespace

TurnMetrics::TurnMetrics(const Metrics& metrics)
    : first_token_(metrics.histogram("first_token_seconds", "From the request to the first text of the answer.",
                                     {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60})),
      queued_(metrics.gauge("queued_requests", "Requests that wait for a process.")),
      resident_bytes_(metrics.gauge("resident_bytes", "Resident memory of all processes.")),
      started_(metrics.counter("processes_started_total", "Processes started.")),
      crashed_(metrics.counter("processes_crashed_total", "Processes that ended without having been told to.")) {
    for (std::size_t i = 0; i < kOutcomes.size(); ++i) {
        turns_[i] = metrics.counter("turns_total", "Turns by how they ended.", {{"outcome", kOutcomes[i]}});
    }
    for (std::size_t i = 0; i < kStates.size(); ++i) {
        processes_[i] = metrics.gauge("processes", "Processes by what they do.", {{"state", kStates[i]}});
    }
}

void TurnMetrics::show(const PoolFigures& figures) noexcept {
    const std::array<std::size_t, 6> states{figures.active, figures.warm,     figures.idle,
                                            figures.parked, figures.starting, figures.stopping};
    for (std::size_t i = 0; i < states.size(); ++i) processes_[i].set(static_cast<double>(states[i]));
    queued_.set(static_cast<double>(figures.queued));
    resident_bytes_.set(static_cast<double>(figures.resident_bytes));
    started_.add(static_cast<double>(figures.started - shown_.started));
    crashed_.add(static_cast<double>(figures.crashed - shown_.crashed));
    shown_ = figures;
}

}  // namespace sluice::claude_code
