#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sse_client/expected_body.hpp"
#include "sse_client/load_options.hpp"
#include "sse_client/load_report.hpp"
#include "sse_client/phase_input.hpp"
#include "sse_client/response_reader.hpp"
#include "wire/file_descriptor.hpp"
#include "wire/poller.hpp"

namespace sluice::bench {

/// Keeps a number of connections busy, each with one stream, or answer in JSON, after another. [one thread]
class StreamLoad {
public:
    explicit StreamLoad(LoadOptions options);
    ~StreamLoad();

    /// Runs until every connection has done its share, or the longest silence or run is over. A report for each phase,
    /// in the order in which they first began; one that comes again goes on with its report.
    std::vector<LoadReport> run();

private:
    struct Lane;  // one connection and the stream on it
    class LaneListener;

    void take_phases();
    void stop_clock();
    LoadReport& report() { return reports_[current_]; }
    void open_due_lanes();
    void begin_due_streams();
    void connect(Lane& lane);
    void handle(const epoll_event& event);
    void begin_stream(Lane& lane);
    void receive(Lane& lane);
    void finish_stream(Lane& lane, ResponseReader::State state);
    void abort_stream(Lane& lane);
    void count_outcome(const Lane& lane, ResponseReader::State state);
    void go_on(Lane& lane, bool is_connection_usable);
    void close(Lane& lane);
    void give_up(Lane& lane);
    void note_active(Lane& lane, bool is_active);
    const ExpectedBody* expected_of(const Lane& lane) const;
    bool wants_more(const Lane& lane) const;
    bool has_waited_too_long() const;
    bool is_time_over() const;
    bool is_timed(std::chrono::nanoseconds time) const { return time >= timing_begins_; }

    const LoadOptions options_;
    const std::string stream_request_;
    const std::string plain_request_;
    ExpectedBody expected_stream_;
    ExpectedBody expected_completion_;
    std::optional<PhaseInput> phases_;
    std::chrono::nanoseconds started_;
    std::chrono::nanoseconds timing_begins_;
    std::chrono::nanoseconds last_progress_;
    Poller poller_;
    std::vector<std::unique_ptr<Lane>> lanes_;
    std::vector<Lane*> lane_by_descriptor_;
    std::size_t busy_lanes_ = 0;
    std::int64_t active_streams_ = 0;
    std::vector<LoadReport> reports_ = std::vector<LoadReport>(1);
    std::size_t current_ = 0;  // in reports_
};

}  // namespace sluice::bench
