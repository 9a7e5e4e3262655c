#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::bench {

/// Reads the server-sent events of one stream and notes what matters of them.
class StreamObserver {
public:
    /// Told of each event with data, before the observer goes on.
    class Listener {
    public:
        virtual ~Listener() = default;
        virtual void on_first_event() = 0;
        virtual void on_chunk(std::chrono::nanoseconds delay) = 0;
    };

    /// Reads a piece of the body that arrived at `now`.
    void read(std::string_view piece, std::chrono::nanoseconds now, Listener& listener);

    /// Whether the stream came to an honest end: a finish reason, then exactly one [DONE].
    bool is_finished() const { return has_finish_reason_ && done_count_ == 1; }
    bool has_events() const { return events_ > 0; }
    bool has_error_event() const { return has_error_event_; }
    std::int64_t chunks() const { return chunks_; }

private:
    void read_line(std::string_view line, std::chrono::nanoseconds now, Listener& listener);

    std::string partial_line_;
    std::int64_t events_ = 0;
    std::int64_t chunks_ = 0;
    int done_count_ = 0;
    bool has_finish_reason_ = false;
    bool has_error_event_ = false;
};

}  // namespace sluice::bench
