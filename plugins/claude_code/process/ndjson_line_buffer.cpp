#include "process/ndjson_line_buffer.hpp"

#include <algorithm>
#include <cstring>

#include "process/cli_record.hpp"

namespace sluice::claude_code {
namespace {

constexpr std::size_t kLeastSpace = 16u << 10;
constexpr std::size_t kUsualSpace = 64u << 10;
constexpr std::size_t kPadding = CliRecordReader::kPadding;

// The carriage return of a CRLF is no part of the line.
std::size_t length_without_return(const char* line, std::size_t length) {
    return length > 0 && line[length - 1] == '\r' ? length - 1 : length;
}

}  // namespace

NdjsonLineBuffer::NdjsonLineBuffer(std::size_t max_line_bytes) : max_line_bytes_(max_line_bytes) {}

NdjsonLineBuffer::Space NdjsonLineBuffer::writable() {
    if (begin_ == end_ || is_overlong_) begin_ = scanned_ = end_ = 0;
    if (bytes_.size() < end_ + kLeastSpace + kPadding && begin_ > 0) {
        std::memmove(bytes_.data(), bytes_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        scanned_ -= begin_;
        begin_ = 0;
    }
    if (bytes_.size() < end_ + kLeastSpace + kPadding) {
        // Doubled, so that the bytes of a long line are moved a constant number of times.
        bytes_.resize(std::max(kUsualSpace, 2 * end_) + kPadding);
    }
    return {bytes_.data() + end_, bytes_.size() - kPadding - end_};
}

void NdjsonLineBuffer::commit(std::size_t count) noexcept { end_ += count; }

bool NdjsonLineBuffer::next(std::string_view& line) noexcept {
    while (!is_overlong_ && scanned_ < end_) {
        const char* const found =
            static_cast<const char*>(std::memchr(bytes_.data() + scanned_, '\n', end_ - scanned_));
        const char* const first = bytes_.data() + begin_;
        const std::size_t raw_length = found != nullptr ? static_cast<std::size_t>(found - first) : end_ - begin_;
        const std::size_t length = length_without_return(first, raw_length);
        is_overlong_ = length > max_line_bytes_;
        scanned_ = end_;
        if (found == nullptr || is_overlong_) return false;
        begin_ += raw_length + 1;
        scanned_ = begin_;
        if (length == 0) continue;
        line = std::string_view(first, length);
        return true;
    }
    return false;
}

std::size_t NdjsonLineBuffer::unfinished() const noexcept {
    const void* const last = scanned_ < end_ ? memrchr(bytes_.data() + scanned_, '\n', end_ - scanned_) : nullptr;
    if (last == nullptr) return end_ - begin_;
    return static_cast<std::size_t>(bytes_.data() + end_ - static_cast<const char*>(last)) - 1;
}

void NdjsonLineBuffer::shrink() {
    const std::size_t kept = end_ - begin_;
    if (bytes_.size() <= 2 * kUsualSpace || kept > kUsualSpace) return;
    std::vector<char> smaller(kUsualSpace + kPadding);
    std::memcpy(smaller.data(), bytes_.data() + begin_, kept);
    bytes_.swap(smaller);
    scanned_ -= begin_;
    begin_ = 0;
    end_ = kept;
}

}  // namespace sluice::claude_code
