#pragma once

#include <cstddef>
#include <string_view>

namespace sluice::observability {

/// The bytes from one place of a text that belong together.
struct Utf8Sequence {
    std::size_t length;  ///< at least 1; of an invalid one: up to the first byte that does not fit
    bool is_valid;
};

/// What stands at `begin` < text.size(): one character of UTF-8, or the longest piece that could have begun one.
Utf8Sequence utf8_sequence_at(std::string_view text, std::size_t begin) noexcept;

bool is_valid_utf8(std::string_view text) noexcept;

}  // namespace sluice::observability
