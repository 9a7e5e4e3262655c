#include "isolation/frame.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstring>

namespace sluice::isolation {

namespace {

static_assert(std::endian::native == std::endian::little,
              "the wire is little endian, and numbers are copied as they are");

constexpr std::size_t kShrinkAboveBytes = 1 << 20;

struct Header {
    std::uint32_t bytes = 0;
    std::uint16_t kind = 0;
    std::uint16_t zero = 0;
    std::uint64_t id = 0;
};
static_assert(sizeof(Header) == kFrameHeaderBytes);

}  // namespace

std::size_t begin_frame(std::string& out, FrameKind kind, std::uint64_t id) {
    const Header header{0, static_cast<std::uint16_t>(kind), 0, id};
    const std::size_t begin = out.size();
    out.append(reinterpret_cast<const char*>(&header), sizeof header);
    return begin;
}

void finish_frame(std::string& out, std::size_t begin) noexcept {
    const auto bytes = static_cast<std::uint32_t>(out.size() - begin - kFrameHeaderBytes);
    std::memcpy(out.data() + begin, &bytes, sizeof bytes);
}

std::span<char> FrameBuffer::space(std::size_t min_bytes) {
    if (begin_ > 0) {
        std::memmove(bytes_.data(), bytes_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    // A large frame that is done with leaves no memory behind.
    if (end_ == 0 && bytes_.capacity() > kShrinkAboveBytes) std::string().swap(bytes_);
    if (bytes_.size() < end_ + min_bytes) bytes_.resize(end_ + std::max(min_bytes, end_));
    return {bytes_.data() + end_, bytes_.size() - end_};
}

Result<std::optional<Frame>> FrameBuffer::next() {
    const std::size_t available = end_ - begin_;
    if (available < kFrameHeaderBytes) return std::optional<Frame>();
    Header header;
    std::memcpy(&header, bytes_.data() + begin_, sizeof header);
    if (header.bytes > kMaxPayloadBytes) {
        return Unexpected(
            fmt::format("found a frame of {} bytes, expected at most {}", header.bytes, kMaxPayloadBytes));
    }
    if (header.zero != 0) return Unexpected(fmt::format("found frame flags {:#x}, expected none", header.zero));
    if (available - kFrameHeaderBytes < header.bytes) return std::optional<Frame>();
    const Frame frame{
        static_cast<FrameKind>(header.kind), header.id, {bytes_.data() + begin_ + kFrameHeaderBytes, header.bytes}};
    begin_ += kFrameHeaderBytes + header.bytes;
    return std::optional<Frame>(frame);
}

}  // namespace sluice::isolation
