#include "connection.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace sluice::openai {
namespace {

IoResult failure_of_errno() { return {errno == EAGAIN || errno == EINTR ? IoStatus::kWouldBlock : IoStatus::kFailed}; }

}  // namespace

Connection::Connection(const HostServices& services, sluice_loop* loop, int fd, SslPtr tls, sluice_metric* open_gauge)
    : services_(services), loop_(loop), open_gauge_(open_gauge), fd_(fd), tls_(std::move(tls)) {
    if (services_.metrics != nullptr) services_.metrics->add(open_gauge_, 1);
}

Connection::~Connection() {
    watch_.stop();
    // No close_notify: a connection is dropped when it is idle, broken or cancelled; waiting for it to be sent gains
    // nothing.
    if (tls_ != nullptr) SSL_set_quiet_shutdown(tls_.get(), 1);
    close(fd_);
    if (services_.metrics != nullptr) services_.metrics->add(open_gauge_, -1);
}

bool Connection::serve(ConnectionUser& user) {
    user_ = &user;
    if (is_watched_) {
        wait_for(true, false);
        return true;
    }
    const auto on_ready = [](void* ctx, std::uint32_t readiness) {
        auto* const self = static_cast<Connection*>(ctx);
        self->user_->on_ready(*self, readiness);
    };
    readiness_ = SLUICE_READABLE;
    is_watched_ = watch_.start(services_, loop_, fd_, readiness_, on_ready, this);
    return is_watched_;
}

IoResult Connection::receive(char* into, std::size_t capacity) {
    if (tls_ != nullptr) return tls_receive(tls_.get(), into, capacity);
    const ssize_t received = recv(fd_, into, capacity, 0);
    if (received > 0) return {IoStatus::kOk, static_cast<std::size_t>(received)};
    return received == 0 ? IoResult{IoStatus::kClosed} : failure_of_errno();
}

IoResult Connection::send(std::span<const iovec> pieces) {
    if (tls_ != nullptr) return send_tls(pieces);
    ssize_t sent = 0;
    if (pieces.size() == 1) {
        sent = ::send(fd_, pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL);
    } else {
        msghdr message{};
        message.msg_iov = const_cast<iovec*>(pieces.data());
        message.msg_iovlen = pieces.size();
        sent = sendmsg(fd_, &message, MSG_NOSIGNAL);
    }
    return sent < 0 ? failure_of_errno() : IoResult{IoStatus::kOk, static_cast<std::size_t>(sent)};
}

void Connection::wait_for(bool reading, bool writing) {
    std::uint32_t wanted = 0;
    if (reading) wanted |= SLUICE_READABLE;
    if (writing) wanted |= SLUICE_WRITABLE;
    if (wanted == readiness_) return;
    readiness_ = wanted;
    watch_.set(wanted);
}

void Connection::set_timer(std::uint64_t delay_ms) {
    const auto on_timer = [](void* ctx) {
        auto* const self = static_cast<Connection*>(ctx);
        self->is_timer_set_ = false;
        self->user_->on_timer(*self);
    };
    is_timer_set_ = true;
    timer_.set(services_, loop_, delay_ms, on_timer, this);
}

void Connection::stop_timer() {
    if (is_timer_set_) timer_.stop();
    is_timer_set_ = false;
}

bool Connection::looks_dead() const {
    char byte = 0;
    const ssize_t peeked = recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (peeked < 0) return errno != EAGAIN && errno != EINTR;
    return peeked == 0 || tls_ == nullptr;  // with TLS it may be a session ticket
}

bool Connection::has_pending() const {
    if (tls_ == nullptr) return false;
    return SSL_pending(tls_.get()) > 0 || (SSL_get_shutdown(tls_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
}

IoResult Connection::send_tls(std::span<const iovec> pieces) {
    IoResult total{IoStatus::kOk, 0};
    for (const iovec& piece : pieces) {
        std::size_t done = 0;
        while (done < piece.iov_len) {
            const IoResult sent =
                tls_send(tls_.get(), {static_cast<const char*>(piece.iov_base) + done, piece.iov_len - done});
            if (sent.status != IoStatus::kOk) return total.bytes > 0 ? total : sent;
            done += sent.bytes;
            total.bytes += sent.bytes;
        }
    }
    return total;
}

}  // namespace sluice::openai
