#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "net/event_loop.hpp"
#include "net/server_context.hpp"
#include "net/timer_wheel.hpp"

namespace sluice::net {

/// One client connection: reads requests in their order, has each answered by an Exchange, and writes what that puts
/// into its queue. Owns itself: it is destroyed by its loop after it has closed. [loop-thread]
class ConnectionHandler final : public EventHandler, public FlushTarget, public Timer {
public:
    /// Takes over an accepted, non-blocking socket. `peer` is its numeric address.
    static void open(LoopContext& context, int descriptor, std::string peer);
    ~ConnectionHandler() override;

    // For the exchange that is being answered.
    /// The output queue, to append to; call mark_output() afterwards.
    std::string& output();
    void mark_output();
    /// Keeps back what stands in the queue from now on until release_output(); rewind_output() takes it out again.
    void hold_output();
    void release_output() noexcept { held_from_ = kNotHeld; }
    void rewind_output();
    bool is_holding_output() const noexcept { return held_from_ != kNotHeld; }
    /// Bytes that the client has not taken yet; with `is_urgent` after one more try to send.
    std::size_t queued_bytes(bool is_urgent = false);
    /// The exchange has nothing more to say. The next request follows once the queue is empty, if it may.
    void finish_exchange(bool may_keep_alive);
    /// Ends the connection without the rest of the answer: the client must see that it was cut.
    void abort_exchange();
    /// Whether more of the request body may be read.
    void want_body(bool wants);
    /// Goes on with what was read ahead, after the exchange had to wait for somebody else than the client.
    void take_buffered();
    void set_deadline(std::uint64_t deadline_ns) { context_.loop.timers().set(*this, deadline_ns); }
    const std::string& peer() const noexcept { return peer_; }
    bool may_keep_alive() const noexcept { return may_keep_alive_; }

    std::uint32_t place = 0;  ///< in the list of its loop; kept by LoopContext

    // For draining.
    bool is_idle() const noexcept { return !exchange_ && in_.empty() && output_bytes() == 0; }
    /// No further request after the running one; closes at once if there is none.
    void drain();
    /// The time to drain is over.
    void cut_for_shutdown();
    /// Ends an answer that still belongs to this generation; the connection goes on.
    void cut_if_of(std::uint64_t generation);
    /// Breaks the connection: its client does not take the end of the answer that was cut.
    void abandon();
    /// The same where the answer belongs to this generation.
    void abandon_if_of(std::uint64_t generation);

    // EventHandler, FlushTarget, Timer
    void on_events(std::uint32_t events) override;
    void flush() override;
    void on_timer() override;

private:
    enum class State {
        kReading,    ///< waiting for a request, or for the rest of its head
        kAnswering,  ///< an exchange is under way
        kLingering,  ///< answered and shut down for writing; reads on so that the client gets to see the answer
        kClosed
    };
    static constexpr std::size_t kNotHeld = static_cast<std::size_t>(-1);

    ConnectionHandler(LoopContext& context, int descriptor, std::string peer);
    std::size_t output_bytes() const noexcept { return out_.size() - out_sent_; }

    void on_readable();
    void on_client_finished();
    void take_bytes(std::string_view bytes);
    /// Starts exchanges from `bytes` as long as whole heads stand in there; returns how many bytes were used.
    std::size_t process(std::string_view bytes);
    void process_buffered();
    void check_head_size(std::string_view bytes);
    bool send_some();
    void after_sent();
    void end_exchange();
    void begin_lingering();
    void move_to(LoopContext& other);
    void leave_loop();
    void close_now();
    void update_interest();
    void wait_for_request();

    // First what every flush touches: with thousands of streams nothing of it is in the cache.
    LoopContext& context_;
    std::unique_ptr<Exchange> exchange_;
    int descriptor_;
    State state_ = State::kReading;
    std::uint32_t interest_ = 0;
    bool may_keep_alive_ = true;
    bool is_exchange_over_ = false;
    bool is_half_closed_ = false;
    bool is_broken_ = false;  ///< sending failed; handled in flush(), outside of any plugin's call
    bool must_abort_ = false;
    bool wants_body_ = false;
    bool waits_for_writable_ = false;
    bool is_moved_ = false;  ///< another loop counts it from now on
    std::string out_;
    std::size_t out_sent_ = 0;
    std::size_t held_from_ = kNotHeld;
    std::string in_;           ///< bytes behind what was processed
    std::size_t scanned_ = 0;  ///< bytes of in_ that were searched for the end of a head
    std::uint64_t head_began_ns_ = 0;
    std::string peer_;
};

}  // namespace sluice::net
