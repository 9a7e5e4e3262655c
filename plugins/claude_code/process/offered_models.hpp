// The models the program says it has.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::claude_code {

struct OfferedModel {
    std::string name;      // "opus[1m]"
    std::string resolved;  // "claude-opus-4-8[1m]"
};

// From the answer to a setup record (CliRecord::message); empty where it names none.
std::vector<OfferedModel> read_offered_models(std::string_view answer_json);

}  // namespace sluice::claude_code
