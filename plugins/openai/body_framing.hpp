// Where the body of an answer lies between the framing bytes, and where it ends (RFC 9112, 6 and 7).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "head_parser.hpp"

namespace sluice::openai {

class BodyFraming {
public:
    enum class Step {
        kPiece,      // `piece` is the next part of the body
        kNeedMore,   // all bytes are used up
        kEnd,        // the body is complete; the cursor stands behind it
        kMalformed,  // not a chunked body
    };

    BodyFraming() = default;
    // `length` counts for kLength only.
    BodyFraming(Framing framing, std::uint64_t length);

    // Takes bytes from `cursor` on, moves it, and says what they are. Pieces point into the given bytes.
    Step next(char*& cursor, char* end, std::span<char>& piece);

    // Whether the end of the connection now is the end of a whole body (kUntilClose only).
    bool may_end_with_connection() const noexcept { return state_ == State::kUntilClose; }
    bool is_done() const noexcept { return state_ == State::kDone; }

private:
    enum class State : std::uint8_t {
        kFixed,
        kUntilClose,
        kSizeFirstDigit,
        kSize,
        kExtension,
        kSizeLineFeed,
        kData,
        kDataReturn,
        kDataLineFeed,
        kTrailerStart,
        kTrailer,
        kTrailerLineFeed,
        kLastLineFeed,
        kDone,
        kBroken,
    };

    Step take(char*& cursor, char* end, State after, std::span<char>& piece);
    State after_framing_byte(char byte);
    State after_size_byte(char byte);

    std::uint64_t left_ = 0;      // of the fixed body or of the chunk
    std::uint32_t overhead_ = 0;  // bytes of extensions and trailers so far; bounded
    State state_ = State::kDone;
};

}  // namespace sluice::openai
