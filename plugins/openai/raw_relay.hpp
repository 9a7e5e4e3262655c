// An answer that is handed on as it comes: audio, files, anything the plugin does not read.
#pragma once

#include <span>
#include <string>

#include "key_mask.hpp"
#include "reply.hpp"

namespace sluice::openai {

// [loop-thread]
class RawRelay {
public:
    // `mask` outlives it.
    explicit RawRelay(const KeyMask& mask) : mask_(mask) {}

    // Masks the piece and writes all of it but an end that could be the beginning of a key. Bytes in front of the piece
    // (ReceiveBuffer::kHeadroomBytes at least) may be overwritten: what was held back before is put there.
    void on_body(std::span<char> piece, Reply& reply);
    // Writes what is held back.
    void on_end(Reply& reply);

private:
    const KeyMask& mask_;
    std::string held_back_;
};

}  // namespace sluice::openai
