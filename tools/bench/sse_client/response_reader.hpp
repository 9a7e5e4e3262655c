#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sse_client/chunked_decoder.hpp"
#include "sse_client/expected_body.hpp"
#include "sse_client/stream_observer.hpp"

namespace sluice::bench {

/// Reads one HTTP/1.1 response, head and body, and hands the body to a StreamObserver.
class ResponseReader {
public:
    /// `expected`, which outlives the reader, is what the body has to be; null: anything.
    explicit ResponseReader(const ExpectedBody* expected = nullptr) {
        if (expected != nullptr) comparison_.emplace(*expected);
    }

    enum class State { kReading, kComplete, kBadStatus, kMalformed };

    /// Reads what arrived at `now`.
    State read(std::string_view bytes, std::chrono::nanoseconds now, StreamObserver::Listener& listener);

    /// The peer has closed: whether that is where the response ends.
    State end_of_input() const;

    /// Whether nothing but the end of the connection ends the body.
    bool ends_with_connection() const { return has_head_ && !chunks_ && !left_; }

    /// Whether the body differs from what it has to be.
    bool is_damaged() const { return comparison_ && !comparison_->is_equal(); }

    const StreamObserver& stream() const { return stream_; }
    const std::string& head() const { return head_; }

private:
    State read_body(std::string_view bytes, std::chrono::nanoseconds now, StreamObserver::Listener& listener);
    State read_chunked(std::string_view bytes, std::chrono::nanoseconds now, StreamObserver::Listener& listener);
    void deliver(std::string_view piece, std::chrono::nanoseconds now, StreamObserver::Listener& listener);
    bool understand_head();

    std::string head_;
    bool has_head_ = false;
    std::optional<ChunkedDecoder> chunks_;
    std::optional<std::int64_t> left_;
    std::optional<BodyComparison> comparison_;
    StreamObserver stream_;
};

}  // namespace sluice::bench
