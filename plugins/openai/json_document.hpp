// JSON as an upstream may write it, whole and valid.
#pragma once

#include <simdjson.h>

#include <span>

namespace sluice::openai {

// Parses one JSON value and validates all of it: syntax, UTF-8, nesting. 64 readable bytes must follow it. `root` is
// valid until the parser's next document. Numbers of any length are accepted; one that fits no machine type reads as 0.
bool parse_json(simdjson::dom::parser& parser, std::span<const char> text, simdjson::dom::element& root);

}  // namespace sluice::openai
