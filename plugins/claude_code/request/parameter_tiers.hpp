// What happens to each parameter of a chat request: honoured, ignored and said so, or refused.
#pragma once

#include <string_view>

namespace sluice::claude_code {

// What of the CLI's less documented abilities may be used; see the plugin's README for the versions they were tested
// with. What is off falls back to its tier: ignored and listed, or refused.
struct Features {
    bool has_images = false;            // image parts -> image blocks
    bool has_reasoning_effort = false;  // reasoning_effort
    bool has_sampling = false;          // temperature, top_p, stop, max_tokens, max_completion_tokens
    bool has_json_schema = false;       // response_format of type json_schema
    bool has_tools = false;             // tools, tool_choice, messages of role tool

    bool operator==(const Features&) const = default;
};

enum class ParameterTier {
    kHonoured,     // 1: read and passed on
    kIgnored,      // 2: accepted, listed in X-Claude-Ignored-Params
    kUnsupported,  // 3: 400 unsupported_parameter
};

// The tier of a member of the request body that is present and not null. A parameter nobody knows is ignored and
// listed.
ParameterTier tier_of(std::string_view parameter, const Features& features) noexcept;

// What a client can do about a parameter of tier 3: "leave it out" in other words, one sentence.
std::string_view advice_for(std::string_view parameter) noexcept;

}  // namespace sluice::claude_code
