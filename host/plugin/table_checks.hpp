#pragma once

#include "plugin/manifest.hpp"
#include "result.hpp"
#include "sluice/ext/backend.h"
#include "sluice/ext/command.h"
#include "sluice/ext/middleware.h"
#include "sluice/ext/quiesce.h"
#include "sluice/plugin.h"

#include <string_view>

namespace sluice::plugin {

/// Text of the ABI as a view; a null pointer counts as empty.
inline std::string_view view_of(sluice_str text) noexcept {
    return text.ptr == nullptr ? std::string_view() : std::string_view(text.ptr, text.len);
}

/// Text of the host for the ABI.
inline sluice_str abi_text(std::string_view text) noexcept { return {text.data(), text.size()}; }

/// Checks that what a loaded plugin says about itself equals its manifest, so that nothing was decided on a lie.
/// `descriptor` may be null: the plugin refuses this host. Gives it completed to this host's size.
Result<sluice_plugin> checked_descriptor(const sluice_plugin* descriptor, const Manifest& manifest);

/// Checks a table of a plugin, which may be null: its size, its required members, that it has no flag this host does
/// not know. Gives it completed to this host's size, with members that the plugin does not have null.
Result<sluice_backend_api> checked_backend(const void* table);
Result<sluice_middleware_api> checked_middleware(const void* table);
/// Likewise; that the name is well-formed and none of the gateway's own commands, too.
Result<sluice_command_api> checked_command(const void* table);
Result<sluice_quiesce_api> checked_quiesce(const void* table);

}  // namespace sluice::plugin
