#pragma once

#include "plugin/file_descriptor.hpp"
#include "result.hpp"

#include <cstdint>
#include <filesystem>

namespace sluice::plugin {

/// A plugin file opened for reading, whose place and rights were found in order.
struct PluginFile {
    FileDescriptor descriptor;
    std::uint64_t size_bytes = 0;
};

inline constexpr std::uint64_t kMaxPluginBytes = 512ull << 20;

/// Opens `path` without following a symbolic link at its end. Refuses what others could change: the file must be a
/// regular one, it and its folder must belong to root or to the user of this process, and neither may be writable for
/// group or others. The error names the path, what was found and what was expected.
Result<PluginFile> open_plugin_file(const std::filesystem::path& path);

}  // namespace sluice::plugin
