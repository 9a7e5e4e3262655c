#pragma once

#include "config/config.hpp"
#include "config/environment.hpp"
#include "config/problem.hpp"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::config {

/// Largest configuration file in bytes.
inline constexpr std::size_t kMaxDocumentBytes = 1048576;

/// Either a configuration and no problem, or no configuration and every problem that was found.
struct LoadResult {
    std::optional<Config> config;
    Problems problems;
    std::string document_json = {};  ///< the file as JSON, variables taken in: for differences(); may hold secrets
};

/// Reads a YAML file: takes in environment variables, checks it against the schema and for sense. Does not open
/// plugins; their `config:` is checked by resolve_plugin_config() once they are loaded. Never throws.
LoadResult load_file(const std::filesystem::path& file, const Environment& environment);

/// The same for text in memory.
LoadResult load_text(std::string_view text, const Environment& environment);

/// What a file that cannot be loaded seems to say of `server.state_dir`, to find the gateway that can name its
/// problems; empty: nothing. Never throws.
std::string guessed_state_dir(const std::filesystem::path& file);

/// The JSON Schema (draft-07) of the file, as text. Lives as long as the process.
std::string_view schema_text();

}  // namespace sluice::config
