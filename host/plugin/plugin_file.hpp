#pragma once

#include "plugin/file_descriptor.hpp"
#include "result.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace sluice::plugin {

/// What tells a file that was written to from one that was not.
struct FileIdentity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t size_bytes = 0;
    std::int64_t modified_ns = 0;  ///< of its content
    std::int64_t changed_ns = 0;   ///< of its content or its rights; no program can set it
    std::int64_t read_ns = 0;      ///< when this was read; the clock of the times above

    /// True if nothing was written between the two readings. False where that cannot be told: clocks of file systems
    /// tick slowly, so that what was written shortly before the first reading may have been written to again.
    bool proves_same(const FileIdentity& earlier) const noexcept;
};

/// A plugin file opened for reading, whose place and rights were found in order.
struct PluginFile {
    FileDescriptor descriptor;
    std::uint64_t size_bytes = 0;
    FileIdentity identity;
};

inline constexpr std::uint64_t kMaxPluginBytes = 512ull << 20;

/// Opens `path` without following a symbolic link at its end. Refuses what others could change: the file must be a
/// regular one, it and its folder must belong to root or to the user of this process, and neither may be writable for
/// group or others. The error names the path, what was found and what was expected.
Result<PluginFile> open_plugin_file(const std::filesystem::path& path);

/// The SHA-256 of a file that open_plugin_file() opens, in hexadecimal digits.
Result<std::string> sha256_of_plugin_file(const std::filesystem::path& path);

}  // namespace sluice::plugin
