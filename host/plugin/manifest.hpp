#pragma once

#include "sluice/manifest.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::plugin {

/// A version of the plugin ABI.
struct AbiVersion {
    std::uint32_t major = SLUICE_ABI_MAJOR;
    std::uint32_t minor = SLUICE_ABI_MINOR;

    /// "1.0"
    std::string text() const { return std::to_string(major) + "." + std::to_string(minor); }
    bool operator==(const AbiVersion&) const = default;
};

/// What a plugin file says about itself, read without running it and found well-formed.
struct Manifest {
    AbiVersion abi;
    std::uint32_t min_host_minor = 0;
    std::uint32_t kinds = 0;  ///< bits of sluice_kind
    std::uint32_t flags = 0;  ///< bits of sluice_manifest_flag
    std::string name;
    std::string version;
    std::vector<std::string> needs;  ///< ids of interfaces that the host must offer

    bool has_backend() const { return (kinds & SLUICE_KIND_BACKEND) != 0; }
    bool has_middleware() const { return (kinds & SLUICE_KIND_MIDDLEWARE) != 0; }
    bool is_example() const { return (flags & SLUICE_MANIFEST_EXAMPLE) != 0; }
    bool operator==(const Manifest&) const = default;
};

}  // namespace sluice::plugin
