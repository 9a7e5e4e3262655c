// The messages of a chat request.
#pragma once

#include <simdjson.h>

#include "request/chat_request.hpp"

namespace sluice::claude_code {

// Reads `messages` into the system prompt and the messages of `request`. Throws sluice::Error.
void read_messages(const simdjson::dom::element& value, const RequestRules& rules, ChatRequest& request);

}  // namespace sluice::claude_code
