// An answer as a stream of chat.completion.chunk objects.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

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
    enum class Part { kNone, kText, kReasoning, kArguments };

    void add(Part part, std::string_view piece);
    void begin_part(Part part);
    void end_part();
    void send_ready(bool is_last);
    void send_delta(std::string_view field, std::string_view text, std::string_view close);
    void open();
    void send(std::string_view delta);
    std::string& begin_chunk();
    void end_chunk(std::string_view finish_reason);

    const AnswerHead head_;
    const Redactor& redactor_;
    ChunkSink& sink_;
    std::string prefix_;  // what all chunks begin with
    std::string chunk_;
    bool is_open_ = false;
    std::size_t tool_calls_ = 0;
    Part part_ = Part::kNone;
    std::optional<RedactingStream> redacting_;
    std::string ready_;  // redacted; ends in the middle of a character at most
};

}  // namespace sluice::claude_code
