// A chat request as this backend understands it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "request/model_table.hpp"
#include "request/parameter_tiers.hpp"

namespace sluice::claude_code {

enum class Role { kUser, kAssistant, kTool };

// A piece of a message: text, or a picture where `image_json` is not empty.
struct ContentPart {
    std::string text;
    std::string image_json;  // an `image` block as the program's protocol wants it
};

struct ToolCall {
    std::string id;
    std::string name;
    std::string arguments;  // JSON text, as the client sent it
};

struct Message {
    Role role = Role::kUser;
    std::vector<ContentPart> parts;
    std::vector<ToolCall> tool_calls;  // of an assistant
    std::string tool_call_id;          // of a tool: which call it answers
};

// A function the client offers.
struct Tool {
    std::string name;
    std::string description;
    std::string parameters;  // JSON Schema, one JSON object
};

struct ChatRequest {
    std::string model;              // as the client named it; the answer echoes it
    std::string cli_model;          // as the program names it
    std::string system_prompt;      // system and developer messages, joined by a blank line
    std::vector<Message> messages;  // all others, in order; at least one is a user's
    bool is_stream = false;
    bool wants_usage = false;
    std::string extra_body;   // JSON object for CLAUDE_CODE_EXTRA_BODY; empty: nothing is asked for
    std::string effort;       // low, medium, high, ...; empty: the program's own
    std::string json_schema;  // what the answer must satisfy; empty: text
    std::vector<Tool> tools;
    std::string ignored_params;  // for X-Claude-Ignored-Params: comma separated, empty: none

    // True if the last messages answer calls of tools.
    bool has_tool_results() const noexcept { return !messages.empty() && messages.back().role == Role::kTool; }
};

struct RequestRules {
    const ModelTable& models;
    Features features;
    std::size_t max_messages;            // 0: no limit
    std::size_t max_message_characters;  // 0: no limit
};

// Reads a body that is one valid JSON object; SLUICE_BODY_PADDING readable bytes follow it. Throws sluice::Error as the
// HTTP contract has it: missing_required_parameter, invalid_request, unsupported_parameter, model_not_found.
// [any-thread]
ChatRequest read_chat_request(std::string_view body, const RequestRules& rules);

}  // namespace sluice::claude_code
