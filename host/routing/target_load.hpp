#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

namespace sluice::routing {

/// What a target has to do, and how soon it answered lately. [any-thread]
class TargetLoad {
public:
    /// Half of what is known of the time to first token is forgotten in this time.
    static constexpr std::uint64_t kHalfLifeNs = 10000000000;
    /// After this long without an answer the time is unknown again.
    static constexpr std::uint64_t kForgetAfterNs = 6 * kHalfLifeNs;

    /// Counts a call that goes to the target, unless `limit` calls (0: any number) are there already. Where it is true,
    /// leave() follows.
    bool try_enter(std::uint32_t limit) noexcept;
    void leave() noexcept;
    std::uint32_t in_flight() const noexcept { return in_flight_.load(std::memory_order_relaxed); }

    /// A call got its first token at `now_ns`, after `taken_ns`.
    void note_first_token(std::uint64_t taken_ns, std::uint64_t now_ns) noexcept;

    /// The average time to first token, in which newer answers count for more; 0 where it is unknown. It halves with
    /// each half-life since the last answer, so that a target that was slow once is tried again, the sooner the less
    /// slow it was.
    std::uint64_t recent_first_token_ns(std::uint64_t now_ns) const noexcept;

private:
    std::atomic<std::uint32_t> in_flight_{0};
    // Read without the lock one after the other: with a time that belongs to the average before or after it, an
    // estimate is off by one answer.
    std::atomic<std::uint64_t> average_ns_{0};
    std::atomic<std::uint64_t> answered_at_ns_{0};
    std::mutex mutex_;
    double weight_ = 0;  ///< of the answers in the average, under mutex_
};

}  // namespace sluice::routing
