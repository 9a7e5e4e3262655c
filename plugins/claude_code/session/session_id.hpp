// The ids of sessions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::claude_code {

// A new UUID v4, lower case. Throws sluice::Error if the system gives no random bytes.
std::string make_session_id();

// The id a client has sent, lower case; nullopt for anything but a UUID v4.
std::optional<std::string> parse_session_id(std::string_view text);

}  // namespace sluice::claude_code
