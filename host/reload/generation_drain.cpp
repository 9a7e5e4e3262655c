#include "reload/generation_drain.hpp"

#include <utility>

#include "observability/log.hpp"

namespace sluice::reload {

namespace {

using observability::LogLevel;
using std::chrono::milliseconds;

constexpr milliseconds kTick{50};
/// What a cancelled call gets to say its last word; a plugin that needs longer holds on for good.
constexpr std::chrono::seconds kAfterCut{10};
/// What clients get to take the end of an answer that was cut.
constexpr std::chrono::seconds kForClients{1};

}  // namespace

GenerationDrain::GenerationDrain(std::function<void(std::uint64_t)> cut, std::function<void(std::uint64_t)> abandon,
                                 std::function<void(std::size_t)> on_tick)
    : cut_(std::move(cut)), abandon_(std::move(abandon)), on_tick_(std::move(on_tick)), thread_([this] { run(); }) {}

GenerationDrain::~GenerationDrain() {
    {
        const std::lock_guard lock(mutex_);
        is_ending_ = true;
    }
    has_changed_.notify_all();
    thread_.join();
}

void GenerationDrain::watch(const std::shared_ptr<const generation::Generation>& retired, milliseconds patience) {
    const Clock::time_point now = Clock::now();
    {
        const std::lock_guard lock(mutex_);
        retired_.push_back({retired, retired->number, now, now + patience});
    }
    has_changed_.notify_all();
}

std::vector<GenerationDrain::Draining> GenerationDrain::draining() const {
    const std::lock_guard lock(mutex_);
    std::vector<Draining> list;
    for (const Retired& each : retired_) {
        auto age = std::chrono::duration_cast<milliseconds>(Clock::now() - each.since);
        list.push_back({each.number, age, each.stage != Stage::kDraining});
    }
    return list;
}

void GenerationDrain::run() {
    std::unique_lock lock(mutex_);
    while (!is_ending_) {
        if (retired_.empty()) {
            has_changed_.wait(lock);
        } else {
            has_changed_.wait_for(lock, kTick);
        }
        const Clock::time_point now = Clock::now();
        for (Retired& each : retired_) look_at_locked(each, now);
        std::erase_if(retired_, [](const Retired& each) { return each.generation.expired(); });
        const std::size_t draining = retired_.size();
        lock.unlock();
        on_tick_(draining);
        lock.lock();
    }
}

void GenerationDrain::look_at_locked(Retired& retired, Clock::time_point now) {
    const auto age_ms = std::chrono::duration_cast<milliseconds>(now - retired.since).count();
    if (retired.generation.expired()) {
        observability::log(LogLevel::kInfo, "generation_retired", "the last request of a generation has ended",
                           {{"generation", retired.number}, {"drain_ms", age_ms}});
    } else if (retired.stage == Stage::kDraining && now >= retired.cut_at) {
        retired.stage = Stage::kCut;
        observability::log(LogLevel::kWarn, "generation_overdue",
                           "requests of a generation outlast reload.drain_ms and are cut off",
                           {{"generation", retired.number}, {"drain_ms", age_ms}});
        cut_(retired.number);
    } else if (retired.stage == Stage::kCut && now >= retired.cut_at + kForClients) {
        retired.stage = Stage::kAbandoned;
        abandon_(retired.number);
    } else if (retired.stage == Stage::kAbandoned && now >= retired.cut_at + kAfterCut) {
        retired.stage = Stage::kStuck;
        observability::log(LogLevel::kError, "generation_stuck",
                           "a plugin holds on to a cancelled call: its generation stays in memory",
                           {{"generation", retired.number}, {"drain_ms", age_ms}});
    }
}

}  // namespace sluice::reload
