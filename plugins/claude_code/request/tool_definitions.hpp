// The functions a client offers.
#pragma once

#include <simdjson.h>

#include <vector>

#include "request/chat_request.hpp"

namespace sluice::claude_code {

// Reads `tools` and `tool_choice` of a body; no tools if the choice is none. Throws sluice::Error.
std::vector<Tool> read_tools(const simdjson::dom::object& body);

}  // namespace sluice::claude_code
