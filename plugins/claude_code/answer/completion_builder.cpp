#include "answer/completion_builder.hpp"

#include <sluice/cpp/completion.hpp>
#include <sluice/cpp/json_text.hpp>

#include <cstddef>
#include <utility>

namespace sluice::claude_code {

CompletionBuilder::CompletionBuilder(AnswerHead head, const Redactor& redactor)
    : head_(std::move(head)), redactor_(redactor) {}

void CompletionBuilder::add_text(std::string_view text) { text_ += text; }

void CompletionBuilder::add_reasoning(std::string_view text) { reasoning_ += text; }

void CompletionBuilder::begin_tool_call(std::string_view id, std::string_view name) {
    tool_calls_.push_back(ToolCall{std::string(id), std::string(name), {}});
}

void CompletionBuilder::add_tool_arguments(std::string_view json_piece) {
    if (!tool_calls_.empty()) tool_calls_.back().arguments += json_piece;
}

void CompletionBuilder::finish(std::string_view finish_reason, const Usage& usage) {
    json_.clear();
    append_completion_head(json_, CompletionHead{head_.id, head_.created_unix_s, head_.model}, "chat.completion");
    json_ += ",\"choices\":[{\"index\":0,\"message\":{";
    append_message(json_);
    json_ += "},\"logprobs\":null,\"finish_reason\":";
    append_json_string(json_, finish_reason);
    json_ += "}]";
    append_usage(json_, usage);
    json_ += '}';
}

std::string CompletionBuilder::take_json() { return std::move(json_); }

void CompletionBuilder::append_message(std::string& json) const {
    json += "\"role\":\"assistant\",\"content\":";
    if (text_.empty() && !tool_calls_.empty()) {
        json += "null";
    } else {
        append_json_string(json, redactor_.redact(text_));
    }
    json += ",\"refusal\":null";
    if (!reasoning_.empty()) {
        json += ",\"reasoning_content\":";
        append_json_string(json, redactor_.redact(reasoning_));
    }
    if (!tool_calls_.empty()) append_tool_calls(json);
}

void CompletionBuilder::append_tool_calls(std::string& json) const {
    json += ",\"tool_calls\":[";
    for (std::size_t index = 0; index < tool_calls_.size(); ++index) {
        const ToolCall& call = tool_calls_[index];
        json += index == 0 ? "{\"id\":" : ",{\"id\":";
        append_json_string(json, call.id);
        json += ",\"type\":\"function\",\"function\":{\"name\":";
        append_json_string(json, call.name);
        json += ",\"arguments\":";
        append_json_string(json, redactor_.redact(call.arguments));
        json += "}}";
    }
    json += ']';
}

}  // namespace sluice::claude_code
