#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "backend/response_sink.hpp"
#include "net/backend_call.hpp"
#include "net/held_answer.hpp"
#include "observability/request_record.hpp"
#include "routing/route_policy.hpp"

namespace sluice::net {

class AttemptRun;

/// One of the calls that a request with a route policy makes: the sink of its answer, which goes on to the exchange
/// once it is the one the client gets. Until then it is held back, so that another target may be tried. Belongs to the
/// run, and lives until the backend has had its last word. [loop-thread] except post().
class Attempt final : public backend::ResponseSink {
public:
    /// `reason`: why it is made, static.
    Attempt(AttemptRun& run, const routing::PolicyTarget& target, std::string_view reason);

    /// Asks the target's limit, its breaker and the conduct of its backend; says which of them does not let the call
    /// in, or nothing.
    std::optional<routing::FailureKind> enter();
    void start();
    /// Goes on without this attempt: whatever still comes of it is nobody's. `verdict`: what its target is held to have
    /// done.
    void abandon(routing::CircuitBreaker::Verdict verdict);
    /// Gives what was held, and from now on everything as it comes.
    sluice_status commit();
    void blame(observability::Misbehaviour reason) { call_.blame(reason); }
    void tell_writable() { call_.tell_writable(); }

    const routing::PolicyTarget& target() const noexcept { return target_; }
    /// What is known of it, borrowed. `request_began_ns`: what its times are counted from.
    observability::AttemptRecord record(std::uint64_t request_began_ns) const;
    /// Its error is what the client gets.
    void note_given() noexcept { is_given_ = true; }
    bool is_live() const noexcept { return is_live_; }
    bool is_giving() const noexcept { return stage_ == Stage::kGiving; }
    static constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();
    /// When it is too late, or when holding back ends. To be asked anew after each progress.
    std::uint64_t deadline_ns() const noexcept;
    /// The deadline has passed. True if that makes the attempt a failure.
    bool is_overdue() const noexcept { return !ends_holding_next(); }

    // backend::ResponseSink
    sluice_loop* loop() const noexcept override;
    sluice_status begin(const sluice_response& response) override;
    sluice_status write(std::string_view bytes) override;
    sluice_status write_event(std::string_view name, std::string_view data) override;
    sluice_status when_writable(sluice_callback_fn fn, void* ctx) override;
    sluice_status when_cancelled(sluice_callback_fn fn, void* ctx) override;
    bool is_cancelled() const noexcept override;
    const http::Attributes& attributes() const noexcept override;
    sluice_status set_attribute(std::string_view name, std::string_view value) override;
    sluice_status read_body(sluice_body_fn fn, void* ctx) override;
    void release_body() noexcept override;
    void finish(const sluice_usage* usage) override;
    void fail(const sluice_error& error, const sluice_usage* usage) override;
    void break_off(observability::Misbehaviour reason, std::string_view message) override;
    bool post(std::function<void()> task) override;

private:
    enum class Stage {
        kWaiting,   ///< for the head
        kHolding,   ///< an answer that the client may get
        kRefused,   ///< an error answer, whole before it is judged
        kGiving,    ///< the client gets it
        kAbandoned  ///< nobody gets it
    };

    bool holds_on(std::size_t more_bytes) const noexcept;
    bool ends_holding_next() const noexcept;
    void note_progress();
    void judge(routing::CircuitBreaker::Verdict verdict);
    void settle(routing::CircuitBreaker::Verdict verdict);
    template <class Note>
    void count(Note&& note);
    void end_call(bool is_cancelled);
    void take_error(const http::WireError& error, bool is_unanswered);

    AttemptRun& run_;
    const routing::PolicyTarget& target_;
    EventLoop& loop_;
    BackendCall call_;
    sluice_request request_{};
    std::string body_;  ///< with the target's model and its padding; empty: the client's is sent
    HeldAnswer held_;
    routing::CircuitBreaker::Admission admission_ = routing::CircuitBreaker::Admission::kRefused;
    Stage stage_ = Stage::kWaiting;
    bool is_live_ = false;
    bool is_settled_ = true;  ///< the health of the target knows that it ended
    bool is_judged_ = false;  ///< and what it was worth
    bool wants_release_ = false;
    bool is_given_ = false;  ///< the client gets something of it
    int status_ = 0;         ///< of its answer; 0: none came
    std::string_view reason_;
    std::string outcome_ = "ok";
    std::uint64_t started_ns_ = 0;
    std::uint64_t ended_ns_ = 0;
    std::uint64_t first_byte_ns_ = 0;
    std::uint64_t last_event_ns_ = 0;
};

}  // namespace sluice::net
