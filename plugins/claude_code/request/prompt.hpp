// What the program is asked in a turn.
#pragma once

#include <string>

#include "request/chat_request.hpp"

namespace sluice::claude_code {

// The content of the turn's user record: a JSON string, or an array of blocks. A new session gets the whole history,
// labelled, since the program keeps only what it was asked; a resumed one the last user message. Nothing in it is
// taken for a command of the program.
std::string prompt_content(const ChatRequest& request, bool is_new_session);

}  // namespace sluice::claude_code
