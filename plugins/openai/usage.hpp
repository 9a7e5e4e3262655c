// Token counts as an upstream reports them.
#pragma once

#include <simdjson.h>

#include "sluice/message.h"

namespace sluice::openai {

// Reads a `usage` object in the words of chat completions (prompt_tokens, ...) or of responses (input_tokens, ...).
// False, and nothing is written, if it is no object or has none of them.
bool read_usage(simdjson::dom::element value, sluice_usage& usage);

}  // namespace sluice::openai
