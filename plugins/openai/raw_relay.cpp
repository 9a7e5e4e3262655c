#include "raw_relay.hpp"

#include <cstring>

namespace sluice::openai {

void RawRelay::on_body(std::span<char> piece, Reply& reply) {
    if (mask_.is_empty()) return reply.write(piece);
    if (!held_back_.empty()) {
        char* const begin = piece.data() - held_back_.size();
        std::memcpy(begin, held_back_.data(), held_back_.size());
        piece = {begin, piece.size() + held_back_.size()};
        held_back_.clear();
    }
    mask_.apply(piece);
    const std::size_t open = mask_.open_tail(piece);
    held_back_.assign(piece.data() + piece.size() - open, open);
    if (open < piece.size()) reply.write(piece.first(piece.size() - open));
}

void RawRelay::on_end(Reply& reply) {
    if (!held_back_.empty()) reply.write(held_back_);
}

}  // namespace sluice::openai
