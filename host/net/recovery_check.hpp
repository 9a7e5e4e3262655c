#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "net/timer_wheel.hpp"
#include "routing/target_health.hpp"

namespace sluice::net {

class LoopContext;

/// Asks a target whose circuit has opened how it is, as often as its route says, so that its recovery is noticed before
/// a client's request has to find out. Outlives reloads as the health of the target does. Over once the circuit is
/// closed, no route with checks has the target any more, or the gateway ends. Belongs to the context of the loop on
/// which the circuit opened, of which it takes its leave by drop_recovery_checks(). [loop-thread]
class RecoveryCheck final : public Timer {
public:
    /// `first_ns`: until the first check.
    RecoveryCheck(LoopContext& context, std::shared_ptr<routing::TargetHealth> health, std::uint64_t first_ns);

    bool is_over() const noexcept { return is_over_; }

    // Timer
    void on_timer() override;

private:
    /// How long until the next check; 0: there is none.
    std::uint64_t check();

    LoopContext& context_;
    const std::shared_ptr<routing::TargetHealth> health_;
    const std::shared_ptr<std::atomic<bool>> is_unanswered_;  ///< shared with the question that is under way
    bool is_over_ = false;
};

}  // namespace sluice::net
