// The options of `sluice keys create`.
#pragma once

#include <chrono>
#include <vector>

#include "commands/command_line.hpp"
#include "keys/key_record.hpp"

namespace sluice::auth {

const std::vector<OptionRule>& key_option_rules();

// The settings of a new key. `now` is Unix time. Throws UsageError.
KeyRecord read_key_options(const CommandLine& line, std::chrono::milliseconds now);

// "24h" of `option`. Throws UsageError.
std::chrono::milliseconds read_duration(std::string_view option, std::string_view text);

}  // namespace sluice::auth
