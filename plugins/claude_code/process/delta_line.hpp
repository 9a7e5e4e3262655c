// The line that is read most: a delta, exactly as the program writes it.
#pragma once

#include <string>
#include <string_view>

#include "process/cli_record.hpp"

namespace sluice::claude_code {

// Reads a text, thinking or tool-input delta whose members stand in the program's own order. False for every other
// line, right or wrong: it says nothing about those. `unescaped` holds the record's text if it had escapes.
bool read_delta_line(std::string_view line, std::string& unescaped, CliRecord& record);

}  // namespace sluice::claude_code
