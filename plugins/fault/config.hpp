// The options of one instance; see config.schema.json for what they mean.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "script.hpp"
#include "step.hpp"

namespace sluice::fault {

struct Config {
    Script script;
    bool obeys_header = false;
    std::uint64_t seed = 1;
    Pace pace;
    std::chrono::milliseconds head_timeout{0};  // 0 = none
    std::vector<std::string> models;
};

// Reads a configuration that satisfies the schema. Throws sluice::Error, with the path, what was found and what was
// expected, for what the schema cannot say.
Config parse_config(std::string_view json);

}  // namespace sluice::fault
