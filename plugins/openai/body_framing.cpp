#include "body_framing.hpp"

#include <algorithm>

namespace sluice::openai {
namespace {

constexpr std::uint32_t kMaxOverheadBytes = 64u << 10;
constexpr std::uint64_t kMaxChunkSize = std::uint64_t{1} << 56;

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace

BodyFraming::BodyFraming(Framing framing, std::uint64_t length) {
    switch (framing) {
        case Framing::kNone: state_ = State::kDone; break;
        case Framing::kLength:
            left_ = length;
            state_ = length == 0 ? State::kDone : State::kFixed;
            break;
        case Framing::kChunked: state_ = State::kSizeFirstDigit; break;
        case Framing::kUntilClose: state_ = State::kUntilClose; break;
    }
}

BodyFraming::Step BodyFraming::next(char*& cursor, char* end, std::span<char>& piece) {
    if (state_ == State::kDone) return Step::kEnd;
    while (cursor < end) {
        switch (state_) {
            case State::kFixed: return take(cursor, end, State::kDone, piece);
            case State::kData: return take(cursor, end, State::kDataReturn, piece);
            case State::kUntilClose:
                piece = {cursor, end};
                cursor = end;
                return Step::kPiece;
            default: break;
        }
        state_ = after_framing_byte(*cursor);
        if (state_ == State::kBroken) return Step::kMalformed;
        ++cursor;
        if (state_ == State::kDone) return Step::kEnd;
    }
    return Step::kNeedMore;
}

BodyFraming::Step BodyFraming::take(char*& cursor, char* end, State after, std::span<char>& piece) {
    const auto available = static_cast<std::uint64_t>(end - cursor);
    const auto size = static_cast<std::size_t>(std::min(available, left_));
    piece = {cursor, size};
    cursor += size;
    left_ -= size;
    if (left_ == 0) state_ = after;
    return Step::kPiece;
}

// Strict: a bare LF or a blank in a size line is how smuggling begins.
BodyFraming::State BodyFraming::after_framing_byte(char byte) {
    switch (state_) {
        case State::kSizeFirstDigit: left_ = 0; return hex_digit(byte) < 0 ? State::kBroken : after_size_byte(byte);
        case State::kSize: return after_size_byte(byte);
        case State::kExtension:
            if (byte == '\r') return State::kSizeLineFeed;
            return byte == '\n' || ++overhead_ > kMaxOverheadBytes ? State::kBroken : State::kExtension;
        case State::kSizeLineFeed:
            if (byte != '\n') return State::kBroken;
            return left_ == 0 ? State::kTrailerStart : State::kData;
        case State::kDataReturn: return byte == '\r' ? State::kDataLineFeed : State::kBroken;
        case State::kDataLineFeed: return byte == '\n' ? State::kSizeFirstDigit : State::kBroken;
        case State::kTrailerStart:
            if (byte == '\r') return State::kLastLineFeed;
            [[fallthrough]];
        case State::kTrailer:
            if (byte == '\r') return State::kTrailerLineFeed;
            return byte == '\n' || ++overhead_ > kMaxOverheadBytes ? State::kBroken : State::kTrailer;
        case State::kTrailerLineFeed: return byte == '\n' ? State::kTrailerStart : State::kBroken;
        case State::kLastLineFeed: return byte == '\n' ? State::kDone : State::kBroken;
        default: return State::kBroken;
    }
}

BodyFraming::State BodyFraming::after_size_byte(char byte) {
    const int digit = hex_digit(byte);
    if (digit >= 0) {
        left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
        return left_ > kMaxChunkSize ? State::kBroken : State::kSize;
    }
    if (byte == '\r') return State::kSizeLineFeed;
    return byte == ';' || byte == ' ' || byte == '\t' ? State::kExtension : State::kBroken;
}

}  // namespace sluice::openai
