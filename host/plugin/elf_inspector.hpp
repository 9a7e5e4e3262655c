#pragma once

#include "plugin/byte_source.hpp"
#include "plugin/host_interfaces.hpp"
#include "plugin/manifest.hpp"
#include "result.hpp"

#include <filesystem>

namespace sluice::plugin {

/// Reads a shared object without running any of it: that the dynamic loader can map it safely (a truncated file kills
/// the process inside dlopen), that it is made for this machine, what its manifest says, and that
/// this host has what it needs. Trusts no number in it.
/// The error says what was found and what was expected.
Result<Manifest> inspect_elf(const ByteSource& bytes, const HostOffer& host = {});

/// The same for a file on disk, with the checks of open_plugin_file(); errors begin with the path.
Result<Manifest> inspect_plugin_file(const std::filesystem::path& path, const HostOffer& host = {});

}  // namespace sluice::plugin
