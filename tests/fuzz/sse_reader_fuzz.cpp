// A stream of events is read the same however it is cut, and every event points to its own bytes. The first byte of the
// input says how large the pieces are.
#include "sse_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace {

using sluice::openai::SseEvent;
using sluice::openai::SseReader;
using Events = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t kPadding = 64;
constexpr std::size_t kMaxEventBytes = 1u << 20;

void note(const SseEvent& event, Events& events) {
    if (event.data.empty()) std::abort();
    volatile char behind = 0;
    for (std::size_t i = 0; i < kPadding; ++i) behind = event.data.data()[event.data.size() + i];
    static_cast<void>(behind);
    events.emplace_back(event.name, std::string(event.data.data(), event.data.size()));
}

Events read_in_pieces(const std::uint8_t* data, std::size_t size, std::size_t piece_size) {
    SseReader reader(kMaxEventBytes);
    SseEvent event;
    Events events;
    for (std::size_t at = 0; at < size; at += piece_size) {
        const std::size_t length = size - at < piece_size ? size - at : piece_size;
        // Memory of its own, so that a sanitizer sees what is still used after the piece is gone.
        std::vector<char> piece(length + kPadding, '\0');
        std::memcpy(piece.data(), data + at, length);
        reader.feed({piece.data(), length});
        while (reader.next(event) == SseReader::Result::kEvent) note(event, events);
    }
    if (reader.finish(event) == SseReader::Result::kEvent) note(event, events);
    return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::size_t piece_size = std::size_t{1} + data[0];
    const Events whole = read_in_pieces(data + 1, size - 1, size);
    const Events in_pieces = read_in_pieces(data + 1, size - 1, piece_size);
    if (whole != in_pieces) std::abort();
    return 0;
}
