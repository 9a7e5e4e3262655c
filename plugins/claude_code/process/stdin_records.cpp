#include "process/stdin_records.hpp"

#include <sluice/cpp/json_text.hpp>

namespace sluice::claude_code {
namespace {

// JSON is given as one line. In JSON a line end is either blank or wrong, never part of a value, so that one that got
// here by mistake can be made a blank: it must not begin a record.
void append_value(std::string& out, std::string_view json) {
    for (std::size_t end = 0; !json.empty(); json.remove_prefix(end)) {
        end = json.find_first_of("\r\n");
        if (end == json.npos) {
            out += json;
            return;
        }
        out.append(json.substr(0, end)).append(" ");
        ++end;
    }
}

// Begins a control request; its `request` is left open.
std::string control_request(std::string_view request_id, std::string_view subtype) {
    std::string record = R"({"type":"control_request","request_id":)";
    append_json_string(record, request_id);
    return record.append(R"(,"request":{"subtype":")").append(subtype).append("\"");
}

constexpr std::string_view kEndOfRequest = "}}\n";

}  // namespace

std::string user_record(std::string_view content) {
    constexpr std::string_view kHead = R"({"type":"user","message":{"role":"user","content":)";
    std::string record;
    record.reserve(kHead.size() + content.size() + kEndOfRequest.size());
    record += kHead;
    append_value(record, content);
    return record.append(kEndOfRequest);
}

std::string probe_record(std::string_view request_id) {
    return control_request(request_id, "get_settings").append(kEndOfRequest);
}

std::string setup_record(std::string_view request_id, const Setup& setup) {
    std::string record = control_request(request_id, "initialize");
    if (!setup.system_prompt.empty()) {
        record += R"(,"systemPrompt":[)";
        append_json_string(record, setup.system_prompt);
        record += ']';
    }
    if (!setup.json_schema.empty()) {
        record += R"(,"jsonSchema":)";
        append_value(record, setup.json_schema);
    }
    if (setup.has_tools) record += R"(,"sdkMcpServers":["gw"])";
    return record.append(kEndOfRequest);
}

std::string settings_record(std::string_view request_id, const TurnSettings& settings) {
    std::string record = control_request(request_id, "apply_flag_settings");
    record += R"(,"settings":{"effortLevel":)";
    // What an earlier turn has set holds on: absent members would not take it back.
    if (settings.effort.empty()) {
        record += "null";
    } else {
        append_json_string(record, settings.effort);
    }
    record += R"(,"env":{"CLAUDE_CODE_EXTRA_BODY":)";
    append_json_string(record, settings.extra_body.empty() ? std::string_view("{}") : settings.extra_body);
    return record.append("}}").append(kEndOfRequest);
}

std::string interrupt_record(std::string_view request_id) {
    return control_request(request_id, "interrupt").append(kEndOfRequest);
}

std::string refusal_record(std::string_view request_id, std::string_view reason) {
    std::string record = R"({"type":"control_response","response":{"subtype":"error","request_id":)";
    append_json_string(record, request_id);
    record += R"(,"error":)";
    append_json_string(record, reason);
    return record.append("}}\n");
}

std::string tool_channel_record(std::string_view request_id, std::string_view message) {
    std::string record = R"({"type":"control_response","response":{"subtype":"success","request_id":)";
    append_json_string(record, request_id);
    record += R"(,"response":{"mcp_response":)";
    append_value(record, message);
    return record.append("}}}\n");
}

}  // namespace sluice::claude_code
