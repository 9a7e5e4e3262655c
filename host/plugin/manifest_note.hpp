#pragma once

#include "plugin/manifest.hpp"
#include "result.hpp"

#include <cstddef>
#include <optional>
#include <span>

namespace sluice::plugin {

/// Looks for the manifest among the ELF notes of one segment, which are aligned to `alignment` (4 or 8). Nothing if
/// there is none; an error if a note reaches out of the segment, or there are two manifests.
Result<std::optional<std::span<const std::byte>>> find_manifest_note(std::span<const std::byte> notes,
                                                                     std::size_t alignment);

/// Reads the descriptor of a manifest note and checks it, and whether this host can work with the plugin.
Result<Manifest> read_manifest(std::span<const std::byte> descriptor, AbiVersion host);

}  // namespace sluice::plugin
