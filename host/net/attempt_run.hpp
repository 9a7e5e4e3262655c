#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "http/error_table.hpp"
#include "net/attempt.hpp"
#include "net/held_answer.hpp"
#include "net/timer_wheel.hpp"
#include "routing/attempt_plan.hpp"

namespace sluice::net {

class Exchange;

/// All attempts of one request by the policy of its route: makes them one after the other as the plan says, and lets
/// the exchange have the answer of one of them, or the error that is left. To the exchange it is the call of a backend.
/// [loop-thread]
class AttemptRun final : public Timer {
public:
    /// An error that an attempt ended with: of the plugin, or the answer of its upstream.
    using Ending = std::variant<http::WireError, HeldAnswer>;

    /// `route`: the target of a route with a policy.
    AttemptRun(Exchange& exchange, const routing::Target& route);

    // For the exchange.
    /// May end the exchange's call before it returns.
    void start();
    /// Nobody waits for an answer any more. `verdict`: on whoever was at it.
    void cancel(routing::CircuitBreaker::Verdict verdict);
    void tell_writable();
    void blame(observability::Misbehaviour reason);
    /// True while a backend owes its last word.
    bool has_live_attempts() const noexcept;
    /// Fills in the attempts that were made, the first ones where there are more than places; returns how many.
    std::size_t fill(std::span<observability::AttemptRecord> records, std::uint64_t request_began_ns) const;
    /// What the call may take as a whole, in nanoseconds; 0 = no limit.
    std::uint64_t limit_ns() const noexcept { return route_.deadlines.request_ns; }

    // For its attempts.
    Exchange& exchange() noexcept { return exchange_; }
    const routing::RoutePolicy& policy() const noexcept { return *route_.policy; }
    void on_progress() { arm(); }
    void on_given(const Attempt& attempt);
    /// An attempt has ended with nothing the client could have had.
    void on_failed(Attempt& attempt, const routing::Failure& failure, Ending ending);
    /// An attempt whose answer the client gets is at its end; the exchange is told next.
    void on_concluded() { is_over_ = true; }
    /// An attempt that was abandoned has ended.
    void on_ended();

    // Timer
    void on_timer() override;

private:
    struct Report {
        Attempt* attempt = nullptr;  ///< null: none could be made
        Ending ending;
    };

    void make(const routing::AttemptStep& step);
    void go_on(const routing::Failure& failure);
    void follow(std::optional<routing::AttemptStep> step, const routing::Failure& failure);
    void give_up();
    void arm();
    std::uint64_t random() { return std::uniform_int_distribution<std::uint64_t>()(generator_); }

    Exchange& exchange_;
    /// The functions of attempts may be on the stack when the exchange is over.
    const std::shared_ptr<const generation::Generation> generation_;
    const routing::Target& route_;
    routing::AttemptPlan plan_;
    std::minstd_rand generator_;
    /// With those that have ended: their functions may still be on the stack.
    std::vector<std::unique_ptr<Attempt>> attempts_;
    Attempt* current_ = nullptr;  ///< whose answer is waited for or given
    std::optional<routing::AttemptStep> waiting_;
    std::uint64_t waits_until_ns_ = 0;
    std::optional<Report> report_;  ///< what the client is told if nothing else is left
    bool is_over_ = false;
};

}  // namespace sluice::net
