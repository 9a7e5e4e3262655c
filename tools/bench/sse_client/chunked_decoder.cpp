#include "sse_client/chunked_decoder.hpp"

#include <algorithm>
#include <charconv>

namespace sluice::bench {

std::string_view ChunkedDecoder::next(std::string_view& input) {
    if (state_ == State::kData) return take_data(input);
    if (!take_line(input)) return {};
    switch (state_) {
        case State::kSize: read_size(); break;
        case State::kDataEnd: read_line_after_data(); break;
        case State::kTrailer: read_trailer(); break;
        default: break;
    }
    line_.clear();
    return {};
}

/// Moves bytes up to the end of a line into `line_`, without its CRLF. True when the line is whole.
bool ChunkedDecoder::take_line(std::string_view& input) {
    const auto end = input.find('\n');
    if (end == std::string_view::npos) {
        line_.append(input);
        input = {};
        return false;
    }
    line_.append(input.substr(0, end));
    input.remove_prefix(end + 1);
    if (!line_.empty() && line_.back() == '\r')
        line_.pop_back();
    else
        state_ = State::kMalformed;
    return true;
}

void ChunkedDecoder::read_size() {
    const auto parsed = std::from_chars(line_.data(), line_.data() + line_.size(), left_in_chunk_, 16);
    const char* end = line_.data() + line_.size();
    if (parsed.ec != std::errc{} || (parsed.ptr != end && *parsed.ptr != ';')) {
        state_ = State::kMalformed;
        return;
    }
    state_ = left_in_chunk_ > 0 ? State::kData : State::kTrailer;
}

void ChunkedDecoder::read_line_after_data() { state_ = line_.empty() ? State::kSize : State::kMalformed; }

void ChunkedDecoder::read_trailer() {
    if (line_.empty()) state_ = State::kOver;
}

std::string_view ChunkedDecoder::take_data(std::string_view& input) {
    const auto size = std::min<std::uint64_t>(left_in_chunk_, input.size());
    const auto piece = input.substr(0, size);
    input.remove_prefix(size);
    left_in_chunk_ -= size;
    if (left_in_chunk_ == 0) state_ = State::kDataEnd;
    return piece;
}

}  // namespace sluice::bench
