// An answer as a stream of chat.completion.chunk objects.
#pragma once

#include <string>

#include "answer/answer_writer.hpp"
#include "answer/redactor.hpp"

namespace sluice::claude_code {

class ChunkSink {
public:
    // One event: one JSON value without line ends.
    virtual void on_chunk(std::string json) = 0;

protected:
    ~ChunkSink() = default;
};

// The first chunk carries the role. Text that may be the beginning of a secret is held back until it is known not to
// be.
class StreamAdapter final : public AnswerWriter {
public:
    // `redactor` and `sink` outlive it.
    StreamAdapter(AnswerHead head, const Redactor& redactor, ChunkSink& sink);

    // AnswerWriter
    void add_text(std::string_view text) override;
    void add_reasoning(std::string_view text) override;
    void begin_tool_call(std::string_view id, std::string_view name) override;
    void add_tool_arguments(std::string_view json_piece) override;
    void finish(std::string_view finish_reason, const Usage& usage) override;

private:
    const AnswerHead head_;
    ChunkSink& sink_;
};

}  // namespace sluice::claude_code
