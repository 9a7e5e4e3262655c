// How a connection ends: of itself, in a drain, and where its client takes too long.
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "net/connection_handler.hpp"
#include "net/exchange.hpp"

namespace sluice::net {

namespace {

using observability::EndedBy;

constexpr std::uint64_t kLingerNs = 2'000'000'000;
constexpr std::uint64_t kLingerAtShutdownNs = 100'000'000;

}  // namespace

void ConnectionHandler::drain() {
    may_keep_alive_ = false;
    if (state_ == State::kLingering) set_deadline(context_.loop.now_ns() + kLingerAtShutdownNs);
    if (is_idle() && state_ == State::kReading) close_now();
}

void ConnectionHandler::cut_for_shutdown() {
    if (exchange_ && !is_exchange_over_) {
        exchange_->cut("The gateway is shutting down.");
        context_.loop.mark_for_flush(*this);
    } else {
        close_now();
    }
}

void ConnectionHandler::cut_if_of(std::uint64_t generation) {
    if (!exchange_ || is_exchange_over_ || exchange_->generation()->number != generation) return;
    exchange_->cut("The configuration was reloaded, and this answer took longer than reload.drain_ms.");
    context_.loop.mark_for_flush(*this);
}

void ConnectionHandler::abandon() {
    must_abort_ = must_abort_ || output_bytes() > 0;
    close_now();
}

void ConnectionHandler::abandon_if_of(std::uint64_t generation) {
    if (exchange_ && exchange_->generation()->number == generation) abandon();
}

void ConnectionHandler::begin_lingering() {
    // RFC 9112, 9.6: closing with unread bytes resets the connection, and may destroy the answer on its way.
    state_ = State::kLingering;
    in_.clear();
    shutdown(descriptor_, SHUT_WR);
    bool is_draining = context_.server.is_draining.load(std::memory_order_relaxed);
    set_deadline(context_.loop.now_ns() + (is_draining ? kLingerAtShutdownNs : kLingerNs));
    update_interest();
}

void ConnectionHandler::close_now() {
    if (state_ == State::kClosed) return;
    context_.loop.remove(descriptor_);
    leave_loop();
    if (must_abort_) {
        // The client must not take a cut answer for a whole one.
        const linger abort{1, 0};
        setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    }
    close(descriptor_);
    descriptor_ = -1;
    if (exchange_) {
        bool is_whole = is_exchange_over_ && output_bytes() == 0;
        Exchange::leave(std::move(exchange_), is_whole ? EndedBy::kBackend : EndedBy::kClient);
    }
}

}  // namespace sluice::net
