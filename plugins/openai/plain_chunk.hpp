// The chunk nearly every event of a chat stream is, read in one pass.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace sluice::openai {

struct PlainChunk {
    std::uint64_t choice = 0;  // index of its one choice
    bool is_finished = false;  // that choice has its finish_reason
};

/*
 * Reads a chunk of the ordinary shape: an object of ASCII text with exactly one choice, and neither usage nor an error.
 * What is returned is one valid JSON value. Nothing is returned for any other shape, valid or not: parse_json() tells.
 * 64 readable bytes must follow `text`.
 *
 * Rationale: every chunk has to be known to be valid before it is relayed, and building a tree of it to look at two
 * members took more instructions than all else that happens to a chunk.
 */
std::optional<PlainChunk> read_plain_chunk(std::span<const char> text);

}  // namespace sluice::openai
