#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::bench {

/// Takes HTTP/1.1 chunked framing off a body that arrives in pieces cut anywhere.
class ChunkedDecoder {
public:
    /// Reads from the front of `input` and returns the next piece of the body, empty when framing was read.
    /// To be called until `input` is empty, is_over() or is_malformed().
    std::string_view next(std::string_view& input);

    bool is_over() const { return state_ == State::kOver; }
    bool is_malformed() const { return state_ == State::kMalformed; }

private:
    enum class State { kSize, kData, kDataEnd, kTrailer, kOver, kMalformed };

    bool take_line(std::string_view& input);
    void read_size();
    void read_line_after_data();
    void read_trailer();
    std::string_view take_data(std::string_view& input);

    State state_ = State::kSize;
    std::uint64_t left_in_chunk_ = 0;
    std::string line_;
};

}  // namespace sluice::bench
