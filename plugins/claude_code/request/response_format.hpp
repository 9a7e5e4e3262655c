// What form the answer is to have.
#pragma once

#include <simdjson.h>

#include <string>

namespace sluice::claude_code {

// The JSON Schema a response_format asks for, as one line of JSON; empty for type text. Throws sluice::Error:
// unsupported_parameter for json_object, and for json_schema unless `has_json_schema`.
std::string read_response_format(const simdjson::dom::element& value, bool has_json_schema);

}  // namespace sluice::claude_code
