#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "upstream/answers.hpp"
#include "upstream/connection.hpp"
#include "upstream/request.hpp"
#include "upstream/stream_plan.hpp"
#include "upstream/timer_wheel.hpp"
#include "wire/file_descriptor.hpp"
#include "wire/poller.hpp"

namespace sluice::bench {

/// One thread's event loop: accepts from its own listener and answers its connections.
class UpstreamLoop {
public:
    /// `answers` outlives the loop.
    UpstreamLoop(FileDescriptor listener, const Answers& answers, const StreamPlan& defaults);

    /// Serves until the process ends.
    [[noreturn]] void run();

private:
    using ConnectionPointer = std::shared_ptr<Connection>;

    void handle(const epoll_event& event);
    void accept_waiting();
    void serve(const ConnectionPointer& connection, std::uint32_t events);
    bool answer_requests(const ConnectionPointer& connection);
    bool answer(const ConnectionPointer& connection, const Request& request);
    bool begin_stream(const ConnectionPointer& connection, const StreamPlan& plan);
    bool continue_stream(const ConnectionPointer& connection);
    void schedule_next_event(const ConnectionPointer& connection);
    void send_due_events();
    void send_unpaced_events();
    void drop(const ConnectionPointer& connection);
    std::chrono::milliseconds time_to_wait() const;
    std::chrono::milliseconds elapsed() const;

    FileDescriptor listener_;
    const Answers& answers_;
    StreamPlan defaults_;
    Poller poller_;
    TimerWheel wheel_;
    std::chrono::nanoseconds started_;
    std::vector<ConnectionPointer> connections_;  // by descriptor
    std::vector<ConnectionPointer> unpaced_;      // streams that send as fast as the client reads
};

}  // namespace sluice::bench
