#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::bench {

/// One event in its HTTP chunk, with room for the time at which it is sent.
struct StampedFrame {
    std::string bytes;
    std::size_t stamp_offset = 0;
    std::size_t event_size = 0;
};

/// Everything the upstream can say, built once.
class Answers {
public:
    Answers();

    std::string_view completion() const { return completion_; }
    std::string_view models() const { return models_; }
    std::string_view length_required() const { return length_required_; }

    std::string_view stream_head() const { return stream_head_; }
    std::string_view stream_end() const { return stream_end_; }

    /// The event at `position` of a stream of `count` events: the first carries the role, the last the
    /// finish reason.
    const StampedFrame& event(std::size_t position, std::size_t count) const;

    /// How many events a stream of about `bytes` bytes has; at least one.
    std::size_t events_in(std::size_t bytes) const;

private:
    std::string completion_;
    std::string models_;
    std::string length_required_;
    std::string stream_head_;
    std::string stream_end_;
    StampedFrame first_;
    StampedFrame middle_;
    StampedFrame last_;
    StampedFrame only_;
};

}  // namespace sluice::bench
