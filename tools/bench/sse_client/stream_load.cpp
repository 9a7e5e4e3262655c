#include "sse_client/stream_load.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "wire/loopback_socket.hpp"
#include "wire/monotonic_clock.hpp"

namespace sluice::bench {
namespace {

constexpr std::size_t kReadSize = 256 * 1024;
constexpr std::size_t kConnectsPerTurn = 64;
constexpr std::int64_t kPrintedFailures = 3;
constexpr std::chrono::milliseconds kShortTurn{1};
constexpr std::chrono::milliseconds kTurn{100};

}  // namespace

struct StreamLoad::Lane {
    FileDescriptor socket;
    ResponseReader response;
    std::chrono::nanoseconds asked{0};
    std::chrono::nanoseconds due{0};  // of the next request, while it pauses before that; else zero
    std::int64_t number = 0;
    std::int64_t streams = 0;
    bool is_plain = false;  // asks for JSON
    bool is_connecting = false;
    bool is_active = false;
};

/// Takes the times of one lane's events into the report.
class StreamLoad::LaneListener : public StreamObserver::Listener {
public:
    LaneListener(StreamLoad& load, Lane& lane, std::chrono::nanoseconds now) : load_(load), lane_(lane), now_(now) {}

    void on_first_event() override {
        load_.note_active(lane_, true);
        if (load_.is_timed(lane_.asked)) load_.report().time_to_first_event.add(now_ - lane_.asked);
    }

    void on_chunk(std::chrono::nanoseconds delay) override {
        load_.report().chunks++;
        if (!load_.is_timed(now_)) return;
        load_.report().timed_chunks++;
        load_.report().chunk_delay.add(delay);
    }

private:
    StreamLoad& load_;
    Lane& lane_;
    std::chrono::nanoseconds now_;
};

StreamLoad::StreamLoad(LoadOptions options)
    : options_(std::move(options)),
      stream_request_(options_.request(true)),
      plain_request_(options_.request(false)),
      started_(monotonic_now()),
      timing_begins_(started_ + options_.warm_up),
      last_progress_(started_) {
    if (options_.is_exact) {
        const Answers answers;
        expected_stream_ = ExpectedBody::stream(answers, options_.chunks);
        expected_completion_ = ExpectedBody::completion(answers);
    }
    if (options_.has_phases) phases_.emplace();
}

StreamLoad::~StreamLoad() = default;

std::vector<LoadReport> StreamLoad::run() {
    const auto wanted = static_cast<std::size_t>(options_.connections);
    while (busy_lanes_ > 0 || (lanes_.size() < wanted && !is_time_over())) {
        take_phases();
        open_due_lanes();
        begin_due_streams();
        const bool is_pausing = options_.pause.count() > 0;
        for (const epoll_event& event : poller_.wait(lanes_.size() < wanted || is_pausing ? kShortTurn : kTurn)) {
            handle(event);
        }
        if (!has_waited_too_long()) continue;
        std::fprintf(stderr, "gave up with %zu of %zu streams still waiting\n", busy_lanes_, lanes_.size());
        report().stalled_streams += static_cast<std::int64_t>(busy_lanes_);
        break;
    }
    stop_clock();
    return std::move(reports_);
}

/// What is under way at the change counts where it ends, but is not timed.
void StreamLoad::take_phases() {
    if (!phases_) return;
    while (const auto name = phases_->next()) {
        stop_clock();
        timing_begins_ = monotonic_now();
        const auto known = std::find_if(reports_.begin(), reports_.end(),
                                        [&](const LoadReport& report) { return report.phase == *name; });
        current_ = static_cast<std::size_t>(known - reports_.begin());
        if (known == reports_.end()) reports_.emplace_back().phase = *name;
    }
}

void StreamLoad::stop_clock() {
    report().timed_span += std::max(std::chrono::nanoseconds(0), monotonic_now() - timing_begins_);
}

void StreamLoad::begin_due_streams() {
    if (options_.pause.count() == 0) return;
    const auto now = monotonic_now();
    for (const auto& lane : lanes_) {
        if (lane->due.count() == 0 || lane->due > now) continue;
        lane->due = std::chrono::nanoseconds(0);
        if (wants_more(*lane))
            begin_stream(*lane);
        else
            give_up(*lane);
    }
}

void StreamLoad::open_due_lanes() {
    auto due = static_cast<std::size_t>(options_.connections);
    if (is_time_over()) return;
    if (options_.connections_per_second > 0) {
        const double seconds = std::chrono::duration<double>(monotonic_now() - started_).count();
        due = std::min(due, static_cast<std::size_t>(seconds * options_.connections_per_second) + 1);
    }
    due = std::min(due, lanes_.size() + kConnectsPerTurn);
    while (lanes_.size() < due) {
        lanes_.push_back(std::make_unique<Lane>());
        lanes_.back()->number = static_cast<std::int64_t>(lanes_.size());
        busy_lanes_++;
        connect(*lanes_.back());
    }
}

void StreamLoad::connect(Lane& lane) {
    lane.socket = begin_connect_to_loopback(options_.port);
    if (!lane.socket.is_open()) {
        report().failed_connects++;
        give_up(lane);
        return;
    }
    lane.is_connecting = true;
    const auto index = static_cast<std::size_t>(lane.socket.number());
    if (index >= lane_by_descriptor_.size()) lane_by_descriptor_.resize(index + 1);
    lane_by_descriptor_[index] = &lane;
    poller_.add(lane.socket, EPOLLOUT);
}

void StreamLoad::handle(const epoll_event& event) {
    Lane* lane = lane_by_descriptor_[static_cast<std::size_t>(event.data.fd)];
    // A descriptor closed earlier in this turn, or one that a new lane has got since.
    if (lane == nullptr || lane->socket.number() != event.data.fd) return;
    if (!lane->is_connecting) {
        receive(*lane);
        return;
    }
    if (!is_connected(lane->socket)) {
        report().failed_connects++;
        give_up(*lane);
        return;
    }
    lane->is_connecting = false;
    poller_.change(lane->socket, EPOLLIN);
    begin_stream(*lane);
}

void StreamLoad::begin_stream(Lane& lane) {
    lane.is_plain = options_.is_mixed && (lane.number + lane.streams) % 2 == 0;
    lane.response = ResponseReader(expected_of(lane));
    lane.asked = monotonic_now();
    const std::string& request = lane.is_plain ? plain_request_ : stream_request_;
    const auto sent = ::send(lane.socket.number(), request.data(), request.size(), MSG_NOSIGNAL);
    // A request fits into an empty socket buffer whole; anything else is a lost connection.
    if (sent != static_cast<ssize_t>(request.size())) finish_stream(lane, ResponseReader::State::kMalformed);
}

void StreamLoad::receive(Lane& lane) {
    static std::array<char, kReadSize> buffer;
    const auto count = ::recv(lane.socket.number(), buffer.data(), buffer.size(), 0);
    if (count < 0 && errno == EAGAIN) return;

    const auto now = monotonic_now();
    last_progress_ = now;
    if (count <= 0) {
        finish_stream(lane, count == 0 ? lane.response.end_of_input() : ResponseReader::State::kMalformed);
        return;
    }
    LaneListener listener(*this, lane, now);
    const auto state = lane.response.read({buffer.data(), static_cast<std::size_t>(count)}, now, listener);
    const bool is_to_abort =
        options_.abort_after_chunks > 0 && lane.response.stream().chunks() >= options_.abort_after_chunks;
    if (state != ResponseReader::State::kReading)
        finish_stream(lane, state);
    else if (is_to_abort)
        abort_stream(lane);
}

void StreamLoad::finish_stream(Lane& lane, ResponseReader::State state) {
    note_active(lane, false);
    count_outcome(lane, state);
    go_on(lane, state == ResponseReader::State::kComplete && !lane.response.ends_with_connection());
}

void StreamLoad::abort_stream(Lane& lane) {
    note_active(lane, false);
    report().aborted_streams++;
    go_on(lane, false);
}

void StreamLoad::count_outcome(const Lane& lane, ResponseReader::State state) {
    const StreamObserver& stream = lane.response.stream();
    if (state == ResponseReader::State::kBadStatus) {
        if (report().bad_statuses++ < kPrintedFailures)
            std::fprintf(stderr, "unexpected answer: %s\n", lane.response.head().c_str());
    } else if (state != ResponseReader::State::kComplete) {
        report().broken_streams++;
    } else if (lane.response.is_damaged()) {
        if (report().damaged_answers++ < kPrintedFailures)
            std::fprintf(stderr, "damaged answer: %s\n", lane.response.head().c_str());
    } else if (lane.is_plain) {
        report().finished_answers++;
        if (is_timed(lane.asked)) report().answer_time.add(monotonic_now() - lane.asked);
    } else if (stream.has_error_event()) {
        report().error_events++;
    } else if (!stream.is_finished()) {
        report().unfinished_streams++;
    } else {
        report().finished_streams++;
        if (stream.chunks() != options_.chunks) report().short_streams++;
    }
}

void StreamLoad::go_on(Lane& lane, bool is_connection_usable) {
    lane.streams++;
    if (!wants_more(lane)) {
        give_up(lane);
    } else if (is_connection_usable && options_.pause.count() > 0) {
        lane.due = monotonic_now() + options_.pause;
    } else if (is_connection_usable) {
        begin_stream(lane);
    } else {
        lane.due = std::chrono::nanoseconds(0);
        close(lane);
        connect(lane);
    }
}

void StreamLoad::close(Lane& lane) {
    if (!lane.socket.is_open()) return;
    lane_by_descriptor_[static_cast<std::size_t>(lane.socket.number())] = nullptr;
    lane.socket.close();
}

void StreamLoad::give_up(Lane& lane) {
    close(lane);
    busy_lanes_--;
}

void StreamLoad::note_active(Lane& lane, bool is_active) {
    if (lane.is_active == is_active) return;
    lane.is_active = is_active;
    active_streams_ += is_active ? 1 : -1;
    report().most_active_streams = std::max(report().most_active_streams, active_streams_);
}

const ExpectedBody* StreamLoad::expected_of(const Lane& lane) const {
    if (!options_.is_exact) return nullptr;
    return lane.is_plain ? &expected_completion_ : &expected_stream_;
}

bool StreamLoad::wants_more(const Lane& lane) const {
    if (options_.duration.count() > 0 || phases_) return !is_time_over();
    return lane.streams < options_.streams_per_connection;
}

bool StreamLoad::has_waited_too_long() const {
    const auto now = monotonic_now();
    return now - last_progress_ >= options_.longest_silence || now - started_ >= options_.longest_run;
}

bool StreamLoad::is_time_over() const {
    if (phases_) return phases_->is_over();
    return options_.duration.count() > 0 && monotonic_now() - started_ >= options_.duration;
}

}  // namespace sluice::bench
