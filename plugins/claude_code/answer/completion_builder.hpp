// An answer as one chat.completion object.
#pragma once

#include <string>

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
    const AnswerHead head_;
};

}  // namespace sluice::claude_code
