// JSON that keeps to the grammar, in a form a parser into machine types takes.
#pragma once

#include <string>
#include <string_view>

namespace sluice::claude_code {

// A copy of `json` in which numbers that fit no machine type are the nearest ones that do, as the program itself would
// read them, and halves of surrogate pairs are U+FFFD. SIMDJSON_PADDING bytes of capacity follow the text.
std::string readable_json(std::string_view json);

}  // namespace sluice::claude_code
