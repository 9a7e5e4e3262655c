#pragma once

#include <sluice/cpp/loop.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "isolation/channel.hpp"
#include "isolation/child_process.hpp"
#include "isolation/errand.hpp"
#include "isolation/restart_delay.hpp"
#include "observability/metric_set.hpp"
#include "sluice/ext/log.h"

namespace sluice::isolation {

/// What a plugin process is started with, each time anew.
struct ProcessPlan {
    std::string plugin;    ///< name and version, for the log
    std::string instance;  ///< its name
    std::string source;    ///< the configured file, for messages
    std::string copy;      ///< the file that is loaded
    std::string sha256;
    std::string folders;      ///< where instances have folders of their own; may be empty
    std::string config_json;  ///< with secrets in clear text
    bool is_backend = true;
    std::size_t call_channels = 0;
};

/// Who is told how the process fares. [loop-thread] of the supervisor's loop
class SupervisorObserver {
public:
    virtual ~SupervisorObserver() = default;
    /// The first start is over; `error` is empty where the instance is there.
    virtual void on_first_start(const std::string& error) = 0;
    /// A process serves, the `process`th; one socket for each of the gateway's loops.
    virtual void on_process(std::vector<plugin::FileDescriptor> sockets, std::uint64_t process) = 0;
    /// It is gone, and another one comes in `restart_in`.
    virtual void on_process_lost(const Loss& loss, std::chrono::milliseconds restart_in) = 0;
    /// After end(): no process is left, and none comes.
    virtual void on_end() = 0;
    /// A frame of the control channel that is not the supervisor's own.
    virtual void on_service(Channel& control, const Frame& frame) = 0;
};

/// Keeps one plugin process running: starts it, watches it, ends it where it does not answer, starts it again when it
/// has died. On one loop of the gateway. [loop-thread] but for the constructor
class Supervisor final : public FrameReceiver {
public:
    static constexpr std::chrono::milliseconds kStartPatience{10000};
    static constexpr std::chrono::milliseconds kPingInterval{1000};
    /// A process whose loop stands still for so long is ended.
    static constexpr std::chrono::milliseconds kPingPatience{10000};
    /// How long destroy() of the plugin may take at the end.
    static constexpr std::chrono::milliseconds kEndPatience{5000};

    /// `host` is the instance's. [main-thread]
    Supervisor(const sluice_host* host, const Loop& home, ProcessPlan plan, observability::Metrics& metrics,
               SupervisorObserver& observer);
    ~Supervisor() override;

    /// Starts the first process; its outcome is told.
    void start();
    /// Ends the process if there is one, kindly at first; the end is told.
    void end();
    void shut_down();
    /// The process must not go on; an empty reason where nobody knows more than that it is gone.
    void end_process(const std::string& reason);
    /// The same, for the `process`th one only.
    void end_process(std::uint64_t process, const std::string& reason) {
        if (process == process_) end_process(reason);
    }
    /// It has answered something. [any-thread]
    void note_success() noexcept { was_of_use_.store(true, std::memory_order_relaxed); }
    const Loop& home() const noexcept { return home_; }
    /// What a middleware's is_guarding() said last. [any-thread]
    bool is_guarding() const noexcept { return is_guarding_.load(std::memory_order_relaxed); }

    // FrameReceiver
    void on_frame(const Frame& frame) override;
    void on_closed(const std::string& breach) override;

private:
    enum class State { kIdle, kStarting, kUp, kWaiting, kEnding, kEnded };

    void launch();
    bool watch_process();
    void on_exit_ready(std::uint32_t readiness) noexcept;
    void on_log_ready(std::uint32_t readiness) noexcept;
    void on_timer() noexcept;
    void process_created(const Frame& frame);
    void process_ended(const std::string& outcome);
    void forget_process();
    void tell_end();
    void read_log();
    void ping();

    const sluice_host* host_;
    const Loop home_;
    const ProcessPlan plan_;
    SupervisorObserver& observer_;
    observability::MetricSet metrics_;
    observability::Metric* deaths_ = nullptr;
    observability::Metric* is_up_ = nullptr;

    State state_ = State::kIdle;
    bool has_served_ = false;  ///< the first start went well
    std::optional<ChildProcess> child_;
    std::uint64_t process_ = 0;  ///< how many there have been
    std::shared_ptr<Channel> control_;
    Watch exit_watch_;
    Watch log_watch_;
    Timer timer_;  ///< what is due next in this state
    std::string end_reason_;
    std::string start_error_;
    std::chrono::nanoseconds started_at_{0};
    std::chrono::nanoseconds answered_at_{0};
    std::atomic<bool> was_of_use_{false};
    std::atomic<bool> is_guarding_{false};
    RestartDelay delay_;
};

}  // namespace sluice::isolation
