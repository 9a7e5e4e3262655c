#include "isolation/channel.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace sluice::isolation {

namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
/// After so much of one channel the others of the loop have their turn.
constexpr int kReadsPerRound = 8;
constexpr std::size_t kKeptCapacity = 1 << 20;

bool is_readable_within(int socket, std::chrono::steady_clock::time_point deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd polled{socket, POLLIN, 0};
    return ::poll(&polled, 1, static_cast<int>(left.count())) > 0;
}

}  // namespace

Channel::Channel(const Loop& loop, plugin::FileDescriptor socket, FrameReceiver& receiver)
    : loop_(loop), socket_(std::move(socket)), receiver_(&receiver) {}

Channel::~Channel() { close(); }

bool Channel::open() {
    watch_ = loop_.watch<&Channel::on_ready>(socket_.get(), SLUICE_READABLE, this);
    return static_cast<bool>(watch_);
}

void Channel::close() noexcept {
    watch_.reset();
    socket_.reset();
    receiver_ = nullptr;
    held_.clear();
}

void Channel::schedule_flush() {
    if (flush_self_) return;
    flush_self_ = shared_from_this();
    if (loop_.defer<&Channel::flush_deferred>(this) != SLUICE_OK) flush_deferred();
}

void Channel::flush_deferred() noexcept {
    const std::shared_ptr<Channel> self = std::exchange(flush_self_, nullptr);
    if (is_open()) flush();
}

void Channel::flush() {
    while (queued_bytes() > 0) {
        const ssize_t sent =
            ::send(socket_.get(), out_.data() + out_begin_, queued_bytes(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR) continue;
        // A socket that is broken says so to the reading side, which knows what to do.
        if (sent < 0) break;
        out_begin_ += static_cast<std::size_t>(sent);
    }
    if (queued_bytes() == 0) {
        out_.clear();
        out_begin_ = 0;
        if (out_.capacity() > kKeptCapacity) std::string().swap(out_);
    } else if (out_begin_ > kKeptCapacity) {
        out_.erase(0, std::exchange(out_begin_, 0));
    }
    watch_.set(SLUICE_READABLE | (queued_bytes() > 0 ? SLUICE_WRITABLE : 0));
}

void Channel::on_ready(std::uint32_t readiness) noexcept {
    const std::shared_ptr<Channel> self = shared_from_this();
    if (readiness & SLUICE_WRITABLE) flush();
    if (!(readiness & (SLUICE_READABLE | SLUICE_PEER_CLOSED | SLUICE_FAILED))) return;
    Reading reading = Reading::kMore;
    for (int i = 0; i < kReadsPerRound && is_open() && reading == Reading::kMore; ++i) {
        reading = read_some();
        deliver();
    }
    if (is_open() && reading == Reading::kEnd) end({});
}

Channel::Reading Channel::read_some() {
    const std::span<char> space = in_.space(kReadBytes);
    const ssize_t got = ::recv(socket_.get(), space.data(), space.size(), MSG_DONTWAIT);
    if (got > 0) {
        in_.fill(static_cast<std::size_t>(got));
        // Less than there was room for: that was all.
        return static_cast<std::size_t>(got) < space.size() ? Reading::kNothing : Reading::kMore;
    }
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return Reading::kNothing;
    return Reading::kEnd;
}

void Channel::deliver() {
    deliver_held();
    while (is_open()) {
        const auto next = in_.next();
        if (!next) return end(next.error());
        if (!*next) return;
        receiver_->on_frame(**next);
    }
}

void Channel::deliver_held_deferred() noexcept {
    const std::shared_ptr<Channel> self = std::exchange(held_self_, nullptr);
    deliver();
}

void Channel::deliver_held() {
    while (is_open() && !held_.empty()) {
        const HeldFrame held = std::move(held_.front());
        held_.pop_front();
        receiver_->on_frame({held.kind, held.id, held.payload});
    }
}

bool Channel::answer_in_buffer(const std::function<bool(const Frame&)>& is_answer,
                               const std::function<void(const Frame&)>& take) {
    for (;;) {
        const auto next = in_.next();
        // What is wrong with the stream comes to light again when it is read on.
        if (!next || !*next) return false;
        if (is_answer(**next)) {
            take(**next);
            return true;
        }
        held_.push_back({(*next)->kind, (*next)->id, std::string((*next)->payload)});
        if (!held_self_) {
            held_self_ = shared_from_this();
            loop_.defer<&Channel::deliver_held_deferred>(this);
        }
    }
}

bool Channel::wait_for(const std::function<bool(const Frame&)>& is_answer,
                       const std::function<void(const Frame&)>& take, std::chrono::milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (is_open()) {
        flush();
        if (answer_in_buffer(is_answer, take)) return true;
        if (!is_readable_within(socket_.get(), deadline)) return false;
        if (read_some() == Reading::kEnd) return answer_in_buffer(is_answer, take);
    }
    return false;
}

void Channel::drain() {
    const std::shared_ptr<Channel> self = shared_from_this();
    while (is_open() && read_some() == Reading::kMore) deliver();
    deliver();
}

void Channel::end(const std::string& breach) {
    FrameReceiver* const receiver = receiver_;
    close();
    if (receiver) receiver->on_closed(breach);
}

}  // namespace sluice::isolation
