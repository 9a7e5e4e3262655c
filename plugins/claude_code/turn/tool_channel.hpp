// The client's tools as the program sees them: an MCP server whose messages travel inside control records
// (modelcontextprotocol.io, revision 2025-11-25).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "process/cli_record.hpp"
#include "request/chat_request.hpp"

namespace sluice::claude_code {

// The tools of a turn as the answer to tools/list: one JSON array. Tools are marked as read-only, because the program
// then asks for all calls of one reply at once instead of one after the other; whether they are is the client's affair.
std::string tool_list_json(const std::vector<Tool>& tools);

// Calls of tools are left open until the client brings their results, which may be before the program asks: it asks for
// one call after the other where it chooses to. [home-loop]
class ToolChannel {
public:
    explicit ToolChannel(std::string tool_list) : tool_list_(std::move(tool_list)) {}

    // Takes a record of kToolChannel. Gives the record to write back at once, if there is one.
    std::optional<std::string> take(const CliRecord& record);
    // The model has called a tool: a result is owed.
    void expect(std::string_view call_id) { owed_.emplace_back(call_id); }
    const std::vector<std::string>& owed() const noexcept { return owed_; }
    // The client's result of a call. Gives the record to write, if the program has asked already.
    std::optional<std::string> bring(const std::string& call_id, std::string_view text);

private:
    struct Question {
        std::string request_id;
        std::string rpc_id;  // JSON
    };

    std::optional<std::string> take_call(std::string_view request_id, std::string_view rpc_id,
                                         std::string_view call_id);

    std::string tool_list_;
    std::vector<std::string> owed_;
    std::map<std::string, Question> asked_;       // by call id, waiting for the client
    std::map<std::string, std::string> brought_;  // by call id, waiting for the program
};

}  // namespace sluice::claude_code
