// What a plugin process sends: frames, and what the gateway reads in them.
#include "isolation/frame.hpp"
#include "isolation/wire_message.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace {

using namespace sluice::isolation;

// Borrowed text has to lie inside the payload; reading all of it lets the sanitizer see whether it does.
void touch(sluice_str text) {
    volatile char last = 0;
    for (std::size_t i = 0; i < text.len; ++i) last = text.ptr[i];
    static_cast<void>(last);
}

void read_all(const Frame& frame) {
    PayloadReader answer(frame.payload);
    const ReadResponse response = read_response(answer);
    touch(response.response.content_type);
    for (const sluice_header& header : response.headers) {
        touch(header.name);
        touch(header.value);
    }
    PayloadReader failure(frame.payload);
    const sluice_error error = read_error(failure);
    touch(error.message);
    read_usage(failure);
    PayloadReader asked(frame.payload);
    const ReadRequest request = read_request(asked);
    touch(request.request.path);
    PayloadReader ended(frame.payload);
    read_summary(ended);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FrameBuffer buffer;
    std::size_t taken = 0;
    for (std::size_t at = 0; at < size;) {
        // In pieces of different sizes, as a socket gives them.
        const std::size_t piece = std::min<std::size_t>(size - at, 1 + data[at] % 64);
        std::memcpy(buffer.space(piece).data(), data + at, piece);
        buffer.fill(piece);
        at += piece;
        for (;;) {
            const auto next = buffer.next();
            if (!next) return 0;
            if (!*next) break;
            taken += kFrameHeaderBytes + (*next)->payload.size();
            if (taken > size) std::abort();
            read_all(**next);
        }
    }
    return 0;
}
