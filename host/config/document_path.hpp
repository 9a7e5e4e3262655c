#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::config {

/// `path.key`; a key with other characters than letters, digits, `-` and `_` is quoted: `path["a.b"]`.
std::string path_of_key(std::string_view path, std::string_view key);

/// `path[index]`.
std::string path_of_index(std::string_view path, std::size_t index);

/// Whether `path` is `ancestor` or lies below it. Every path lies below the empty one.
bool is_at_or_below(std::string_view path, std::string_view ancestor);

}  // namespace sluice::config
