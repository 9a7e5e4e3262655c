#include "upstream/connection.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "wire/monotonic_clock.hpp"
#include "wire/time_stamp.hpp"

namespace sluice::bench {
namespace {

constexpr std::size_t kReadSize = 256 * 1024;

/// Bytes the socket took, 0 when it is full; nothing when the peer is gone.
std::optional<std::size_t> send_some(int socket, std::string_view bytes) {
    const auto count = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno == EAGAIN) return 0;
    return std::nullopt;
}

}  // namespace

Connection::Connection(FileDescriptor socket, Poller& poller) : socket_(std::move(socket)), poller_(poller) {
    poller_.add(socket_, EPOLLIN);
}

bool Connection::receive() {
    thread_local std::array<char, kReadSize> buffer;
    const auto count = ::recv(number(), buffer.data(), buffer.size(), 0);
    if (count < 0) return errno == EAGAIN;
    received.append(buffer.data(), static_cast<std::size_t>(count));
    return count > 0;
}

bool Connection::send(std::string_view bytes) {
    if (!has_unsent()) {
        const auto count = send_some(number(), bytes);
        if (!count) return false;
        bytes.remove_prefix(*count);
        if (bytes.empty()) return true;
    }
    unsent_.append(bytes);
    watch_for_writing(true);
    return true;
}

bool Connection::flush() {
    const auto count = send_some(number(), std::string_view(unsent_).substr(flushed_));
    if (!count) return false;
    flushed_ += *count;
    if (flushed_ == unsent_.size()) {
        unsent_.clear();
        flushed_ = 0;
        watch_for_writing(false);
    }
    return true;
}

bool Connection::send_next_event(const Answers& answers) {
    thread_local std::string bytes;
    const StampedFrame& frame = answers.event(stream->sent_events, stream->event_count);
    bytes = frame.bytes;
    write_stamp(bytes.data() + frame.stamp_offset, monotonic_now());
    stream->sent_events++;
    // A model's last event and [DONE] leave in one write, as they do from the real service.
    if (stream->is_over()) bytes += answers.stream_end();
    return send(bytes);
}

void Connection::watch_for_writing(bool is_wanted) {
    if (watches_for_writing_ == is_wanted) return;
    watches_for_writing_ = is_wanted;
    poller_.change(socket_, is_wanted ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

}  // namespace sluice::bench
