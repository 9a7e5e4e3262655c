#include "upstream/upstream_loop.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "wire/loopback_socket.hpp"
#include "wire/monotonic_clock.hpp"

namespace sluice::bench {

UpstreamLoop::UpstreamLoop(FileDescriptor listener, const Answers& answers, const StreamPlan& defaults)
    : listener_(std::move(listener)), answers_(answers), defaults_(defaults), started_(monotonic_now()) {
    poller_.add(listener_, EPOLLIN);
}

void UpstreamLoop::run() {
    for (;;) {
        for (const epoll_event& event : poller_.wait(time_to_wait())) handle(event);
        send_due_events();
        send_unpaced_events();
    }
}

void UpstreamLoop::handle(const epoll_event& event) {
    if (event.data.fd == listener_.number()) {
        accept_waiting();
        return;
    }
    const ConnectionPointer connection = connections_[static_cast<std::size_t>(event.data.fd)];
    if (connection) serve(connection, event.events);
}

void UpstreamLoop::accept_waiting() {
    for (;;) {
        FileDescriptor socket(::accept4(listener_.number(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!socket.is_open()) {
            if (errno == EAGAIN || errno == ECONNABORTED) return;
            // A measurement against an upstream that refuses connections would be worthless.
            std::perror("bench_upstream: cannot accept");
            std::exit(1);
        }
        send_without_delay(socket);
        const auto index = static_cast<std::size_t>(socket.number());
        if (index >= connections_.size()) connections_.resize(index + 1);
        connections_[index] = std::make_shared<Connection>(std::move(socket), poller_);
    }
}

void UpstreamLoop::serve(const ConnectionPointer& connection, std::uint32_t events) {
    bool is_alive = true;
    if ((events & EPOLLOUT) != 0 && connection->has_unsent()) is_alive = connection->flush();
    if (is_alive && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) is_alive = connection->receive();
    if (is_alive) is_alive = answer_requests(connection);
    if (!is_alive) drop(connection);
}

bool UpstreamLoop::answer_requests(const ConnectionPointer& connection) {
    while (!connection->stream && !connection->closes_after_answer) {
        const auto request = take_request(connection->received, defaults_);
        if (!request) return true;
        connection->closes_after_answer = request->closes_connection;
        if (!answer(connection, *request)) return false;
    }
    const bool is_finished = connection->closes_after_answer && !connection->stream && !connection->has_unsent();
    return !is_finished;
}

bool UpstreamLoop::answer(const ConnectionPointer& connection, const Request& request) {
    switch (request.kind) {
        case Request::Kind::kModels: return connection->send(answers_.models());
        case Request::Kind::kCompletion: return connection->send(answers_.completion());
        case Request::Kind::kStream: return begin_stream(connection, request.plan);
        case Request::Kind::kUnsupportedBody: break;
    }
    // Where the body ends is not known, so nothing after it can be read.
    connection->closes_after_answer = true;
    return connection->send(answers_.length_required());
}

bool UpstreamLoop::begin_stream(const ConnectionPointer& connection, const StreamPlan& plan) {
    StreamProgress progress;
    progress.event_count = plan.bytes > 0 ? answers_.events_in(static_cast<std::size_t>(plan.bytes))
                                          : static_cast<std::size_t>(std::max<std::int64_t>(1, plan.chunks));
    progress.gap = plan.bytes > 0 ? std::chrono::milliseconds(0) : plan.gap;
    connection->stream = progress;
    if (!connection->send(answers_.stream_head())) return false;
    if (progress.gap.count() > 0) return continue_stream(connection);
    schedule_next_event(connection);
    return true;
}

bool UpstreamLoop::continue_stream(const ConnectionPointer& connection) {
    if (!connection->send_next_event(answers_)) return false;
    if (connection->stream->is_over()) {
        connection->stream.reset();
        return answer_requests(connection);
    }
    schedule_next_event(connection);
    return true;
}

void UpstreamLoop::schedule_next_event(const ConnectionPointer& connection) {
    const auto gap = connection->stream->gap;
    if (gap.count() > 0)
        wheel_.schedule(connection, gap);
    else
        unpaced_.push_back(connection);
}

void UpstreamLoop::send_due_events() {
    for (const auto& connection : wheel_.advance(elapsed())) {
        if (connection->stream && !continue_stream(connection)) drop(connection);
    }
}

void UpstreamLoop::send_unpaced_events() {
    const auto streams = std::exchange(unpaced_, {});
    for (const auto& connection : streams) {
        if (!connection->stream) continue;
        // A client that does not read keeps its place, but nothing is added to what it has not taken.
        if (connection->has_unsent())
            unpaced_.push_back(connection);
        else if (!continue_stream(connection))
            drop(connection);
    }
}

void UpstreamLoop::drop(const ConnectionPointer& connection) {
    connection->stream.reset();
    auto& owner = connections_[static_cast<std::size_t>(connection->number())];
    if (owner == connection) owner.reset();
}

std::chrono::milliseconds UpstreamLoop::time_to_wait() const {
    const bool can_send =
        std::any_of(unpaced_.begin(), unpaced_.end(), [](const auto& stream) { return !stream->has_unsent(); });
    if (can_send) return std::chrono::milliseconds(0);
    return std::chrono::milliseconds(wheel_.is_empty() ? -1 : 1);
}

std::chrono::milliseconds UpstreamLoop::elapsed() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(monotonic_now() - started_);
}

}  // namespace sluice::bench
