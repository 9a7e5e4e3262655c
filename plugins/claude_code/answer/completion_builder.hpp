// An answer as one chat.completion object.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "answer/answer_writer.hpp"
#include "answer/redactor.hpp"

namespace sluice::claude_code {

class CompletionBuilder final : public AnswerWriter {
public:
    // `redactor` outlives it.
    CompletionBuilder(AnswerHead head, const Redactor& redactor);

    // AnswerWriter
    void add_text(std::string_view text) override;
    void add_reasoning(std::string_view text) override;
    void begin_tool_call(std::string_view id, std::string_view name) override;
    void add_tool_arguments(std::string_view json_piece) override;
    void finish(std::string_view finish_reason, const Usage& usage) override;

    // The whole answer, once finish() was called.
    std::string take_json();

private:
    struct ToolCall {
        std::string id;
        std::string name;
        std::string arguments;
    };
    void append_message(std::string& json) const;
    void append_tool_calls(std::string& json) const;

    const AnswerHead head_;
    const Redactor& redactor_;
    std::string text_;
    std::string reasoning_;
    std::vector<ToolCall> tool_calls_;
    std::string json_;
};

}  // namespace sluice::claude_code
