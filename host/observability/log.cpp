#include "observability/log.hpp"

#include "observability/access_log.hpp"
#include "observability/event_queue.hpp"
#include "observability/line_collector.hpp"
#include "observability/log_line.hpp"
#include "observability/log_output.hpp"

#include <chrono>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>

namespace sluice::observability {
namespace {

constexpr std::chrono::seconds kGiveUpAfter{2};

struct RunningLog {
    explicit RunningLog(const LogConfig& configuration)
        : config(configuration), output(config.descriptor), events(output, config.queue_lines), accesses(output) {}

    LogConfig config;
    LogOutput output;
    EventQueue events;
    LineCollector accesses;
};

struct LogState {
    std::shared_mutex mutex;  // shared: use `running`; exclusive: replace it
    std::unique_ptr<RunningLog> running;
    std::atomic<bool> has_access_log{false};
    std::atomic<std::uint64_t> dropped_events{0};  // of logs that have ended
    std::atomic<std::uint64_t> dropped_accesses{0};
};

// Never destroyed: other threads may log until the very end of the process.
LogState& state() {
    static auto* const instance = new LogState;
    return *instance;
}

// One buffer per thread, so that a line is put together without an allocation.
std::string& line_buffer() {
    thread_local std::string buffer;
    buffer.clear();
    return buffer;
}

void end_running_log(LogState& log_state) noexcept {
    detail::log_threshold.store(LogLevel::kSilent, std::memory_order_relaxed);
    log_state.has_access_log.store(false, std::memory_order_relaxed);
    std::unique_ptr<RunningLog> ending;
    {
        const std::unique_lock lock(log_state.mutex);
        ending = std::move(log_state.running);
    }
    if (ending == nullptr) {
        return;
    }
    ending->output.give_up_at(std::chrono::steady_clock::now() + kGiveUpAfter);
    log_state.dropped_events.fetch_add(ending->events.dropped(), std::memory_order_relaxed);
}

}  // namespace

void start_log(const LogConfig& config) {
    LogState& log_state = state();
    end_running_log(log_state);
    auto running = std::make_unique<RunningLog>(config);
    {
        const std::unique_lock lock(log_state.mutex);
        log_state.running = std::move(running);
    }
    log_state.has_access_log.store(config.has_access_log, std::memory_order_relaxed);
    detail::log_threshold.store(config.level, std::memory_order_relaxed);
}

void stop_log() noexcept { end_running_log(state()); }

void set_log_level(LogLevel level) noexcept {
    LogState& log_state = state();
    const std::shared_lock lock(log_state.mutex);
    if (log_state.running != nullptr) {
        detail::log_threshold.store(level, std::memory_order_relaxed);
    }
}

void flush_log() noexcept {
    LogState& log_state = state();
    const std::shared_lock lock(log_state.mutex);
    if (log_state.running != nullptr) {
        log_state.running->events.flush(kGiveUpAfter);
        log_state.running->accesses.flush(kGiveUpAfter);
    }
}

void log(LogLevel level, std::string_view event, std::string_view message,
         std::initializer_list<LogField> fields) noexcept {
    if (!log_enabled(level)) {
        return;
    }
    LogState& log_state = state();
    try {
        const std::shared_lock lock(log_state.mutex);
        if (log_state.running == nullptr) {
            return;
        }
        std::string& line = line_buffer();
        append_log_line({std::chrono::system_clock::now(), level, event, message, {fields.begin(), fields.size()}},
                        log_state.running->config.format, line);
        log_state.running->events.push(line);
    } catch (...) {
        // Out of memory: a lost line must not take the gateway with it.
        log_state.dropped_events.fetch_add(1, std::memory_order_relaxed);
    }
}

bool access_log_enabled() noexcept {
    return log_enabled(LogLevel::kInfo) && state().has_access_log.load(std::memory_order_relaxed);
}

void log_access(const RequestRecord& record) noexcept {
    if (!access_log_enabled()) {
        return;
    }
    LogState& log_state = state();
    bool is_taken = false;
    try {
        const std::shared_lock lock(log_state.mutex);
        if (log_state.running == nullptr) {
            return;
        }
        std::string& line = line_buffer();
        append_access_line(record, log_state.running->config.format, line);
        is_taken = log_state.running->accesses.push(line);
    } catch (...) {
        is_taken = false;
    }
    if (!is_taken) {
        log_state.dropped_accesses.fetch_add(1, std::memory_order_relaxed);
    }
}

std::uint64_t dropped_event_lines() noexcept {
    LogState& log_state = state();
    const std::shared_lock lock(log_state.mutex);
    const std::uint64_t current = log_state.running == nullptr ? 0 : log_state.running->events.dropped();
    return current + log_state.dropped_events.load(std::memory_order_relaxed);
}

std::uint64_t dropped_access_lines() noexcept { return state().dropped_accesses.load(std::memory_order_relaxed); }

}  // namespace sluice::observability
