#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "sse_client/latency_histogram.hpp"

namespace sluice::bench {

/// What the load client counted and timed.
struct LoadReport {
    std::string phase;  // empty where there is only one
    std::int64_t finished_streams = 0;
    std::int64_t finished_answers = 0;  // in JSON
    std::int64_t aborted_streams = 0;

    std::int64_t failed_connects = 0;
    std::int64_t bad_statuses = 0;
    std::int64_t broken_streams = 0;      // cut off, or not HTTP
    std::int64_t unfinished_streams = 0;  // complete as HTTP, without a finish reason or [DONE]
    std::int64_t error_events = 0;
    std::int64_t short_streams = 0;    // finished with another number of chunks than asked for
    std::int64_t stalled_streams = 0;  // silent until the client gave up
    std::int64_t damaged_answers = 0;  // not the bytes that the upstream sent

    std::int64_t chunks = 0;        // all of them
    std::int64_t timed_chunks = 0;  // after the warm-up
    std::int64_t most_active_streams = 0;
    std::chrono::nanoseconds timed_span{0};

    LatencyHistogram answer_time;  // of JSON, from the request to its last byte
    LatencyHistogram time_to_first_event;
    LatencyHistogram chunk_delay;

    /// Everything that went wrong, short streams included.
    std::int64_t errors() const;

    /// One line of JSON; durations in microseconds.
    std::string as_json() const;
};

}  // namespace sluice::bench
