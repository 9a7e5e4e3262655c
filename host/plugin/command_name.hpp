#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace sluice::plugin {

/// The commands of the gateway itself, those of later versions included: no plugin may offer one of these names.
inline constexpr std::array<std::string_view, 11> kGatewayCommands{
    "serve", "check", "reload", "diff", "status", "plugin", "plugins", "route", "explain", "help", "version"};

inline constexpr std::size_t kMaxCommandNameBytes = 64;

inline bool is_gateway_command(std::string_view name) noexcept {
    return std::find(kGatewayCommands.begin(), kGatewayCommands.end(), name) != kGatewayCommands.end();
}

/// sluice/ext/command.h: [a-z][a-z0-9-]*.
inline bool is_command_name(std::string_view name) noexcept {
    constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789-";
    return !name.empty() && name.size() <= kMaxCommandNameBytes && name[0] >= 'a' && name[0] <= 'z' &&
           name.find_first_not_of(kAllowed) == std::string_view::npos;
}

}  // namespace sluice::plugin
