#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "generation/generation.hpp"
#include "plugin/plugin_instance.hpp"

namespace Poco::Net {
class HTTPRequestHandler;
}

namespace sluice::net {

/// What the path of every command begins with; its name follows.
inline constexpr std::string_view kCommandPath = "/commands/";

/// Commands of the gateway itself, by name: each is given what stands behind it. They come before those of plugins.
using GatewayCommands =
    std::map<std::string, std::function<plugin::CommandOutcome(const std::vector<std::string>&)>, std::less<>>;

/// Who answers POST /commands/<name>, for the caller to own: runs the command of the current generation and holds the
/// generation meanwhile. Where the listener is not `is_private`, a unix socket of the operator alone, the request must
/// bear the configured `admin.token`. The references outlive the handler.
Poco::Net::HTTPRequestHandler* make_command_handler(const generation::CurrentGeneration& generations,
                                                    const GatewayCommands& commands, std::string name, bool is_private);

}  // namespace sluice::net
