#include "turn/tool_channel.hpp"

#include <simdjson.h>
#include <sluice/cpp/json_text.hpp>

#include <algorithm>
#include <utility>

#include "process/stdin_records.hpp"

namespace sluice::claude_code {
namespace {

using simdjson::dom::element;

std::string rpc_result(std::string_view rpc_id, std::string_view result) {
    std::string message = R"({"jsonrpc":"2.0","id":)";
    message += rpc_id;
    message += R"(,"result":)";
    message += result;
    message += '}';
    return message;
}

std::string call_result(std::string_view text) {
    std::string result = R"({"content":[{"type":"text","text":)";
    append_json_string(result, text);
    result += "}]}";
    return result;
}

// The version the program asked for is the one it gets: of the protocol only what all versions share is used.
std::string server_description(element message) {
    std::string_view version;
    if (message.at_pointer("/params/protocolVersion").get(version) != simdjson::SUCCESS) version = "2025-06-18";
    std::string result = R"({"protocolVersion":)";
    append_json_string(result, version);
    result += R"(,"capabilities":{"tools":{}},"serverInfo":{"name":"gw","version":"1"}})";
    return result;
}

}  // namespace

std::string tool_list_json(const std::vector<Tool>& tools) {
    std::string json = "[";
    for (const Tool& tool : tools) {
        json += json.size() > 1 ? R"(,{"name":)" : R"({"name":)";
        append_json_string(json, tool.name);
        json += R"(,"description":)";
        append_json_string(json, tool.description);
        json += R"(,"inputSchema":)";
        json += tool.parameters;
        json += R"(,"annotations":{"readOnlyHint":true}})";
    }
    json += ']';
    return json;
}

std::optional<std::string> ToolChannel::take(const CliRecord& record) {
    simdjson::dom::parser parser;
    element message;
    const simdjson::padded_string padded(record.message);
    std::string_view method;
    if (parser.parse(padded).get(message) != simdjson::SUCCESS || message["method"].get(method) != simdjson::SUCCESS) {
        return refusal_record(record.request_id, "Expected a JSON-RPC message.");
    }
    element id;
    const bool is_request = message["id"].get(id) == simdjson::SUCCESS;
    // A notification wants no answer, but the control record that brought it does.
    if (!is_request) return tool_channel_record(record.request_id, rpc_result("0", "{}"));
    const std::string rpc_id = simdjson::to_string(id);
    const auto reply = [&](std::string_view result) {
        return tool_channel_record(record.request_id, rpc_result(rpc_id, result));
    };
    if (method == "initialize") return reply(server_description(message));
    if (method == "tools/list") return reply(R"({"tools":)" + tool_list_ + "}");
    if (method != "tools/call") return reply("{}");
    std::string_view call_id;
    if (message.at_pointer("/params/_meta/claudecode~1toolUseId").get(call_id) != simdjson::SUCCESS) {
        return reply(R"({"isError":true,"content":[{"type":"text","text":"The call has no id."}]})");
    }
    return take_call(record.request_id, rpc_id, call_id);
}

std::optional<std::string> ToolChannel::take_call(std::string_view request_id, std::string_view rpc_id,
                                                  std::string_view call_id) {
    const auto found = brought_.find(std::string(call_id));
    if (found == brought_.end()) {
        asked_[std::string(call_id)] = Question{std::string(request_id), std::string(rpc_id)};
        return std::nullopt;
    }
    std::string answer = tool_channel_record(request_id, rpc_result(rpc_id, call_result(found->second)));
    brought_.erase(found);
    return answer;
}

std::optional<std::string> ToolChannel::bring(const std::string& call_id, std::string_view text) {
    owed_.erase(std::remove(owed_.begin(), owed_.end(), call_id), owed_.end());
    const auto question = asked_.find(call_id);
    if (question == asked_.end()) {
        brought_[call_id] = text;
        return std::nullopt;
    }
    const Question asked = std::move(question->second);
    asked_.erase(question);
    return tool_channel_record(asked.request_id, rpc_result(asked.rpc_id, call_result(text)));
}

}  // namespace sluice::claude_code
