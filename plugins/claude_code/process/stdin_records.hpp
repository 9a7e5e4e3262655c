// What is written to the program: one JSON object a line, the line end included. Client bytes stand only inside JSON
// strings that are serialised here: a raw line end would begin a record of the client's choice.
#pragma once

#include <string>
#include <string_view>

namespace sluice::claude_code {

// `content` is one JSON value: a string or an array of blocks. It holds no line ends.
std::string user_record(std::string_view content);

// Asks for a reply while nothing else goes on: the program is up. Costs nothing upstream.
std::string probe_record(std::string_view request_id);

// What a process is told before its first turn; only the first one of a process counts.
struct Setup {
    std::string system_prompt;
    std::string json_schema;  // empty: none
    bool has_tools = false;   // the tool channel is offered
    std::string tool_list;    // what it answers with; written when the program asks

    bool is_empty() const noexcept { return system_prompt.empty() && json_schema.empty() && !has_tools; }
    bool operator==(const Setup&) const = default;
};
std::string setup_record(std::string_view request_id, const Setup& setup);

// What holds from the next turn on.
struct TurnSettings {
    std::string extra_body;  // JSON object; empty: nothing is added
    std::string effort;      // empty: the program's own

    bool operator==(const TurnSettings&) const = default;
};
std::string settings_record(std::string_view request_id, const TurnSettings& settings);

std::string interrupt_record(std::string_view request_id);

// The answer to a control_request that is not served; `reason` is for the program's own log.
std::string refusal_record(std::string_view request_id, std::string_view reason);

// The answer to a control_request of kind mcp_message: `message` is one JSON-RPC object.
std::string tool_channel_record(std::string_view request_id, std::string_view message);

}  // namespace sluice::claude_code
