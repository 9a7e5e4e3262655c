#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "upstream/answers.hpp"
#include "wire/file_descriptor.hpp"
#include "wire/poller.hpp"

namespace sluice::bench {

/// A streamed answer that is under way.
struct StreamProgress {
    std::size_t sent_events = 0;
    std::size_t event_count = 0;
    std::chrono::milliseconds gap{0};

    bool is_over() const { return sent_events == event_count; }
};

/// One accepted connection: what came in and is not answered, and what could not be sent yet.
/// Functions that return a bool say whether the connection still lives. [one thread]
class Connection {
public:
    Connection(FileDescriptor socket, Poller& poller);

    int number() const { return socket_.number(); }
    bool receive();
    bool send(std::string_view bytes);
    bool flush();
    bool send_next_event(const Answers& answers);
    bool has_unsent() const { return !unsent_.empty(); }

    std::string received;
    std::optional<StreamProgress> stream;
    bool closes_after_answer = false;

private:
    void watch_for_writing(bool is_wanted);

    FileDescriptor socket_;
    Poller& poller_;
    std::string unsent_;
    std::size_t flushed_ = 0;
    bool watches_for_writing_ = false;
};

}  // namespace sluice::bench
