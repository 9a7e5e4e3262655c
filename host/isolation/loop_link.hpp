#pragma once

#include <sluice/cpp/loop.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "isolation/errand.hpp"

namespace sluice::isolation {

/// Who is told what a link has seen of its process. [any-thread]
class LinkObserver {
public:
    virtual ~LinkObserver() = default;
    /// The process number `process` must not go on; an empty `what` where nobody knows more than that it is gone.
    virtual void on_breach(std::uint64_t process, const std::string& what) = 0;
    /// It has done something it was asked for.
    virtual void on_success() noexcept = 0;
};

/// What one loop of the gateway has to do with one plugin process, and with those that come after it: the channel, and
/// what is under way on it. Everything but making it happens on the loop. [loop-thread]
class LoopLink final : public FrameReceiver {
public:
    /// How long something waits for a process that is being started again.
    static constexpr std::chrono::milliseconds kRestartPatience{500};
    /// How long a cancelled call may take to end before its process is ended.
    static constexpr std::chrono::milliseconds kCancelPatience{10000};

    /// [main-thread]
    LoopLink(const Loop& loop, LinkObserver& observer) : loop_(loop), observer_(observer) {}

    /// A process is there, the `process`th.
    void attach(plugin::FileDescriptor socket, std::uint64_t process);
    /// It is gone; another one will be started in `restart_in`.
    void detach(const Loss& loss, std::chrono::milliseconds restart_in);
    /// For good: nothing is under way any more.
    void close() noexcept;

    /// Begins the errand now, or as soon as there is a process; one that does not come in time is a loss.
    void submit(std::shared_ptr<Errand> errand);
    /// The errand `id` is over.
    void end(std::uint64_t id) { errands_.erase(id); }
    /// The errand `id` was cancelled and has to end soon.
    void expect_end(std::uint64_t id);
    const Loop& loop() const noexcept { return loop_; }
    /// The process has sent what it must not, and is to be ended.
    void report_breach(const std::string& what) { observer_.on_breach(process_, what); }
    void report_success() noexcept { observer_.on_success(); }

    // FrameReceiver
    void on_frame(const Frame& frame) override;
    void on_closed(const std::string& breach) override;

private:
    struct Deadline {
        std::uint64_t id;
        std::chrono::nanoseconds at;
    };
    void on_timer() noexcept;
    void arm_timer();
    void lose_waiting(const Loss& loss);
    Loss unavailable() const;
    bool has_process() const noexcept { return channel_ && channel_->is_open(); }

    const Loop loop_;
    LinkObserver& observer_;
    std::shared_ptr<Channel> channel_;  ///< null while there is no process
    std::uint64_t process_ = 0;
    std::unordered_map<std::uint64_t, std::shared_ptr<Errand>> errands_;
    std::uint64_t last_id_ = 0;
    std::deque<Deadline> waiting_;    ///< errands that have not begun
    std::deque<Deadline> cancelled_;  ///< errands that have to end
    std::chrono::nanoseconds restart_at_{0};
    Timer timer_;
};

}  // namespace sluice::isolation
