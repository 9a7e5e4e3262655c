// How the answer is to be drawn, and how long it may be.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>
#include <vector>

namespace sluice::claude_code {

struct Sampling {
    std::string extra_body;                     // what the Messages API is sent besides; empty: nothing
    std::vector<std::string_view> not_applied;  // parameters that were not passed on as they stand

    bool applies(std::string_view parameter) const noexcept;
};

// Reads temperature, top_p, stop, max_tokens and max_completion_tokens. Throws sluice::Error where OpenAI would refuse
// them. What Anthropic would refuse is left out or brought into its range, and listed in `not_applied`: a temperature
// above 1 becomes 1, top_p beside a temperature and stops of blanks only are left out, and of two limits
// max_completion_tokens counts.
Sampling read_sampling(const simdjson::dom::object& body);

// The program's effort for a reasoning_effort. It has nothing below low, so none and minimal are low. Throws
// sluice::Error for a name it does not know.
std::string read_effort(const simdjson::dom::element& value);

}  // namespace sluice::claude_code
