// Halves of characters in JSON text.
#pragma once

#include <string>
#include <string_view>

namespace sluice::claude_code {

// JavaScript writes half a surrogate pair as an escape, which no UTF-8 text can hold. Puts `json` into `out` with
// U+FFFD in their place; false if there are none.
bool replace_lone_surrogates(std::string_view json, std::string& out);

}  // namespace sluice::claude_code
