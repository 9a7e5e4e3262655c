#include "sse_client/expected_body.hpp"

#include <algorithm>

#include "wire/time_stamp.hpp"

namespace sluice::bench {

ExpectedBody ExpectedBody::completion(const Answers& answers) {
    constexpr std::string_view kEndOfHead = "\r\n\r\n";
    const std::string_view answer = answers.completion();
    return {std::string(answer.substr(answer.find(kEndOfHead) + kEndOfHead.size())), {}};
}

ExpectedBody ExpectedBody::stream(const Answers& answers, std::int64_t chunks) {
    ExpectedBody body;
    for (std::int64_t chunk = 0; chunk < chunks; chunk++) {
        const StampedFrame& frame = answers.event(static_cast<std::size_t>(chunk), static_cast<std::size_t>(chunks));
        const std::size_t event_begin = frame.bytes.find("\r\n") + 2;
        body.stamp_offsets.push_back(body.bytes.size() + frame.stamp_offset - event_begin);
        body.bytes.append(frame.bytes, event_begin, frame.event_size);
    }
    body.bytes += "data: [DONE]\n\n";
    return body;
}

void BodyComparison::read(std::string_view piece) {
    while (!piece.empty() && !is_different_) {
        const auto& stamps = expected_->stamp_offsets;
        const bool is_in_stamp = next_stamp_ < stamps.size() && position_ >= stamps[next_stamp_];
        const std::size_t count = is_in_stamp ? read_stamp(piece) : compare_bytes(piece);
        position_ += count;
        piece.remove_prefix(count);
    }
}

/// Up to the next stamp; how many bytes that were.
std::size_t BodyComparison::compare_bytes(std::string_view piece) {
    const auto& stamps = expected_->stamp_offsets;
    const std::size_t end = next_stamp_ < stamps.size() ? stamps[next_stamp_] : expected_->bytes.size();
    const std::string_view part = piece.substr(0, end - position_);
    is_different_ = part.empty() || part != std::string_view(expected_->bytes).substr(position_, part.size());
    return part.size();
}

std::size_t BodyComparison::read_stamp(std::string_view piece) {
    const std::string_view part = piece.substr(0, kBlankStamp.size() - stamp_.size());
    stamp_.append(part);
    if (stamp_.size() < kBlankStamp.size()) return part.size();
    const bool has_only_digits =
        std::all_of(stamp_.begin() + 1, stamp_.end(), [](char c) { return c >= '0' && c <= '9'; });
    // All are of one length, so that text compares as numbers do.
    is_different_ = stamp_[0] != kBlankStamp[0] || !has_only_digits || stamp_ < last_stamp_;
    last_stamp_ = stamp_;
    stamp_.clear();
    next_stamp_++;
    return part.size();
}

}  // namespace sluice::bench
