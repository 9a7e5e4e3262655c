#pragma once

#include <string>
#include <string_view>

#include "generation/generation.hpp"

namespace Poco::Net {
class HTTPRequestHandler;
}

namespace sluice::net {

/// What the path of every command begins with; its name follows.
inline constexpr std::string_view kCommandPath = "/commands/";

/// Who answers POST /commands/<name>, for the caller to own: runs the command of the current generation and holds the
/// generation meanwhile. Refused where the
/// listener is not `is_private`, a unix socket of the operator alone.
Poco::Net::HTTPRequestHandler* make_command_handler(const generation::CurrentGeneration& generations, std::string name,
                                                    bool is_private);

}  // namespace sluice::net
