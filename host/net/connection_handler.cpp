#include "net/connection_handler.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "net/exchange.hpp"

namespace sluice::net {

namespace {

using http::WireError;
using observability::EndedBy;

/// Bytes read ahead of the running request (pipelining) before reading pauses.
constexpr std::size_t kReadAheadBytes = 64 * 1024;
/// What has been sent is cut off the front of the queue once it is this much.
constexpr std::size_t kCompactBytes = 64 * 1024;

std::uint64_t nanoseconds(std::chrono::milliseconds time) {
    return static_cast<std::uint64_t>(std::chrono::nanoseconds(time).count());
}

}  // namespace

void ConnectionHandler::open(LoopContext& context, int descriptor, std::string peer) {
    int one = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    std::unique_ptr<ConnectionHandler> connection(new ConnectionHandler(context, descriptor, std::move(peer)));
    connection->interest_ = EPOLLIN | EPOLLRDHUP;
    if (!context.loop.add(descriptor, connection->interest_, *connection)) return;
    context.add(*connection);
    connection->wait_for_request();
    // Its own owner from now on: leave_loop() hands it to the loop.
    ConnectionHandler* self = connection.release();
    if (context.server.is_draining.load(std::memory_order_relaxed)) self->drain();
}

ConnectionHandler::ConnectionHandler(LoopContext& context, int descriptor, std::string peer)
    : context_(context), descriptor_(descriptor), peer_(std::move(peer)) {}

ConnectionHandler::~ConnectionHandler() {
    if (descriptor_ >= 0) close(descriptor_);
    if (is_moved_) return;
    context_.metrics.connection_closed();
    context_.server.open_connections.fetch_sub(1, std::memory_order_relaxed);
}

void ConnectionHandler::on_events(std::uint32_t events) {
    if (events & (EPOLLERR | EPOLLHUP)) return close_now();
    if (events & EPOLLOUT) flush();
    if (state_ == State::kClosed) return;
    if (events & EPOLLIN) return on_readable();
    if (events & EPOLLRDHUP) on_client_finished();
}

void ConnectionHandler::on_readable() {
    ssize_t got = recv(descriptor_, context_.loop.receive_buffer(), EventLoop::kReceiveBytes, 0);
    if (got > 0) {
        context_.metrics.bytes_received(static_cast<std::uint64_t>(got));
        return take_bytes({context_.loop.receive_buffer(), static_cast<std::size_t>(got)});
    }
    if (got == 0) return on_client_finished();
    if (errno != EAGAIN && errno != EINTR) close_now();
}

void ConnectionHandler::on_client_finished() {
    bool is_answering = state_ == State::kAnswering && exchange_;
    if (is_answering && !exchange_->wants_body()) {
        // RFC 9112, 9.6 leaves it open whether a FIN is a goodbye; what follows the request at once is only its end.
        std::uint64_t completed_ns = exchange_->request_completed_ns();
        const config::Timeouts& timeouts = context_.settings().timeouts;
        bool follows_at_once =
            completed_ns != 0 && context_.loop.now_ns() <= completed_ns + nanoseconds(timeouts.half_close);
        if (!is_half_closed_ && (follows_at_once || is_exchange_over_)) {
            is_half_closed_ = true;
            return update_interest();
        }
    } else if (!is_answering && output_bytes() > 0 && state_ != State::kLingering) {
        is_half_closed_ = true;
        may_keep_alive_ = false;
        return update_interest();
    }
    close_now();
}

void ConnectionHandler::take_bytes(std::string_view bytes) {
    if (state_ == State::kLingering) return;  // read so that the client is not reset while it still sends
    if (exchange_ && exchange_->wants_body() && in_.empty()) {
        std::size_t used = exchange_->take_body(bytes);
        bytes.remove_prefix(used);
        if (bytes.empty() || state_ == State::kClosed) return;
    }
    if (in_.empty() && state_ == State::kReading) {
        std::size_t used = process(bytes);
        if (state_ == State::kClosed) return;
        bytes.remove_prefix(std::min(used, bytes.size()));
        in_ = bytes;
    } else {
        in_ += bytes;
        process_buffered();
    }
    if (state_ != State::kClosed) update_interest();
}

void ConnectionHandler::take_buffered() {
    process_buffered();
    if (state_ != State::kClosed) update_interest();
}

void ConnectionHandler::process_buffered() {
    if (exchange_ && exchange_->wants_body() && !in_.empty()) {
        std::string bytes = std::move(in_);
        in_.clear();
        std::size_t used = exchange_->take_body(bytes);
        if (state_ == State::kClosed) return;
        in_ = bytes.substr(used);
    }
    if (state_ != State::kReading || in_.empty()) return;
    std::string bytes = std::move(in_);
    in_.clear();
    std::size_t scanned = scanned_;
    std::size_t used = process(bytes);
    if (state_ == State::kClosed) return;
    if (used > 0) {
        bytes.erase(0, used);
    } else {
        scanned_ = std::max(scanned_, scanned);
    }
    in_ = std::move(bytes);
}

std::size_t ConnectionHandler::process(std::string_view bytes) {
    std::size_t used = 0;
    // RFC 9112, 2.2: empty lines before a request line are ignored.
    while (used < bytes.size() && scanned_ == 0 && (bytes[used] == '\r' || bytes[used] == '\n')) ++used;
    std::string_view rest = bytes.substr(used);
    if (rest.empty()) return used;
    if (head_began_ns_ == 0) {
        head_began_ns_ = context_.loop.now_ns();
        set_deadline(head_began_ns_ + nanoseconds(context_.settings().timeouts.head));
    }
    HeadScan scan = scan_head(rest, scanned_);
    if (scan.state == HeadScan::State::kIncomplete) {
        scanned_ = rest.size();
        check_head_size(rest);
        return used;
    }
    std::optional<WireError> error;
    if (scan.state == HeadScan::State::kFolded) {
        error = WireError::of("bad_http", "A header line is folded, which HTTP/1.1 no longer allows.");
    } else if (scan.size > context_.settings().limits.head_bytes) {
        check_head_size(rest.substr(0, scan.size));
        return bytes.size();
    }
    state_ = State::kAnswering;
    is_exchange_over_ = false;
    scanned_ = 0;
    head_began_ns_ = 0;
    exchange_ = context_.take_exchange();
    exchange_->request().head.assign(rest.substr(0, scan.size));
    std::size_t body_used = exchange_->start(*this, rest.substr(scan.size), std::move(error));
    return used + scan.size + body_used;
}

void ConnectionHandler::check_head_size(std::string_view bytes) {
    const config::Limits& limits = context_.settings().limits;
    std::size_t line = std::min(bytes.find('\n'), bytes.size());
    // A request line holds a method and a version beside the URL.
    bool is_url_too_long = line > limits.url_bytes + 64;
    if (!is_url_too_long && bytes.size() <= limits.head_bytes) return;
    state_ = State::kAnswering;
    is_exchange_over_ = false;
    exchange_ = context_.take_exchange();
    std::string limit = std::to_string(is_url_too_long ? limits.url_bytes : limits.head_bytes);
    exchange_->start(*this, {},
                     is_url_too_long
                         ? WireError::of("url_too_long", "The URL is longer than " + limit + " bytes.")
                         : WireError::of("head_too_large", "The request head is longer than " + limit + " bytes."));
}

std::string& ConnectionHandler::output() {
    if (out_.capacity() <= 15) out_ = context_.loop.borrow_buffer();
    return out_;
}

void ConnectionHandler::mark_output() { context_.loop.mark_for_flush(*this); }

void ConnectionHandler::hold_output() { held_from_ = output().size(); }

void ConnectionHandler::rewind_output() {
    if (held_from_ == kNotHeld) return;
    out_.resize(held_from_);
    held_from_ = kNotHeld;
}

std::size_t ConnectionHandler::queued_bytes(bool is_urgent) {
    if (is_urgent && !send_some()) {
        is_broken_ = true;
        mark_output();
    }
    return output_bytes();
}

bool ConnectionHandler::send_some() {
    std::size_t limit = std::min(out_.size(), held_from_);
    while (out_sent_ < limit) {
        ssize_t sent = send(descriptor_, out_.data() + out_sent_, limit - out_sent_, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EINTR) continue;
            if (errno != EAGAIN) return false;
            break;
        }
        out_sent_ += static_cast<std::size_t>(sent);
        context_.metrics.bytes_sent(static_cast<std::uint64_t>(sent));
        if (out_sent_ < limit) break;  // a short count: the socket is full
    }
    waits_for_writable_ = out_sent_ < limit;
    if (out_sent_ >= kCompactBytes && held_from_ == kNotHeld) {
        out_.erase(0, out_sent_);
        out_sent_ = 0;
    }
    return true;
}

void ConnectionHandler::flush() {
    if (state_ == State::kClosed) return;
    std::size_t before = output_bytes();
    if (is_broken_ || !send_some()) return close_now();
    if (exchange_) {
        bool is_moving = before != output_bytes() || !waits_for_writable_;
        is_moving ? exchange_->on_sent() : exchange_->on_blocked();
    }
    if (state_ == State::kClosed) return;
    if (must_abort_) return close_now();
    if (out_sent_ == out_.size() && held_from_ == kNotHeld) after_sent();
    if (state_ != State::kClosed) update_interest();
}

void ConnectionHandler::after_sent() {
    out_sent_ = 0;
    context_.loop.return_buffer(std::move(out_));
    out_ = std::string();
    if (exchange_ && is_exchange_over_) end_exchange();
}

void ConnectionHandler::finish_exchange(bool may_keep_alive) {
    is_exchange_over_ = true;
    may_keep_alive_ = may_keep_alive_ && may_keep_alive;
    mark_output();
}

void ConnectionHandler::abort_exchange() {
    must_abort_ = true;
    mark_output();
}

void ConnectionHandler::end_exchange() {
    bool has_unread_body = !exchange_->is_body_complete();
    Exchange::leave(std::move(exchange_), EndedBy::kBackend);
    is_exchange_over_ = false;
    wants_body_ = false;
    if (!may_keep_alive_) {
        if (is_half_closed_ && !has_unread_body) return close_now();
        return begin_lingering();
    }
    state_ = State::kReading;
    wait_for_request();
    if (!in_.empty()) {
        process_buffered();
    } else if (is_half_closed_) {
        on_readable();  // what the client sent before it finished, if anything is left
    } else if (LoopContext* other = context_.relief()) {
        move_to(*other);
    }
}

// What the client has sent meanwhile lies in the socket.
void ConnectionHandler::move_to(LoopContext& other) {
    int descriptor = std::exchange(descriptor_, -1);
    context_.loop.remove(descriptor);
    is_moved_ = true;
    leave_loop();
    other.adopt(descriptor, std::move(peer_), false);
}

void ConnectionHandler::leave_loop() {
    state_ = State::kClosed;
    context_.loop.timers().stop(*this);
    context_.loop.forget_flush(*this);
    context_.remove(*this);
    context_.loop.retire(std::unique_ptr<EventHandler>(this));
}

void ConnectionHandler::wait_for_request() {
    head_began_ns_ = 0;
    set_deadline(context_.loop.now_ns() + nanoseconds(context_.settings().timeouts.idle));
}

void ConnectionHandler::want_body(bool wants) {
    wants_body_ = wants;
    update_interest();
}

void ConnectionHandler::update_interest() {
    if (state_ == State::kClosed) return;
    std::uint32_t wanted = 0;
    if (!is_half_closed_) {
        bool may_read_ahead = in_.size() < kReadAheadBytes;
        bool is_body_paused = exchange_ && exchange_->wants_body() && !wants_body_;
        wanted |= EPOLLRDHUP;
        if (state_ == State::kLingering || (may_read_ahead && !is_body_paused)) wanted |= EPOLLIN;
        // A paused body may have its FIN behind unread bytes: that is no leaving client.
        if (is_body_paused) wanted &= ~static_cast<std::uint32_t>(EPOLLRDHUP);
    }
    if (waits_for_writable_) wanted |= EPOLLOUT;
    if (wanted == interest_) return;
    interest_ = wanted;
    context_.loop.modify(descriptor_, wanted, *this);
}

void ConnectionHandler::on_timer() {
    switch (state_) {
        case State::kClosed: return;
        case State::kLingering: return close_now();
        case State::kAnswering:
            if (exchange_) exchange_->on_deadline(context_.loop.now_ns());
            return;
        case State::kReading: break;
    }
    if (head_began_ns_ == 0) return close_now();
    state_ = State::kAnswering;
    is_exchange_over_ = false;
    exchange_ = context_.take_exchange();
    exchange_->start(*this, {}, WireError::of("request_timeout", "The request head did not arrive in time."));
}

}  // namespace sluice::net
