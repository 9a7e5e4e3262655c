#pragma once

#include "plugin/host_interfaces.hpp"
#include "plugin/manifest.hpp"
#include "result.hpp"

#include <cstddef>
#include <optional>
#include <span>

namespace sluice::plugin {

/// Descriptors of the notes of a plugin; nothing where there is none.
struct PluginNotes {
    std::optional<std::span<const std::byte>> manifest;
    std::optional<std::span<const std::byte>> needs;
};

/// Looks for a plugin's notes among the ELF notes of one segment, which are aligned to `alignment` (4 or 8). An error
/// if a note reaches out of the segment, or there are two of a type.
Result<PluginNotes> find_plugin_notes(std::span<const std::byte> notes, std::size_t alignment);

/// Reads the descriptors and checks them, and whether this host can work with the plugin.
Result<Manifest> read_manifest(std::span<const std::byte> manifest, std::optional<std::span<const std::byte>> needs,
                               const HostOffer& host);

}  // namespace sluice::plugin
