// What the records of one turn mean for the answer.
#pragma once

#include <sluice/cpp/error.hpp>
#include <sluice/cpp/usage.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "answer/answer_writer.hpp"
#include "answer/cli_error.hpp"
#include "answer/redactor.hpp"
#include "process/cli_process.hpp"
#include "process/cli_record.hpp"

namespace sluice::claude_code {

enum class TurnState {
    kRunning,
    kToolCalls,  // the model calls tools of the client: the answer ends here, the turn goes on with their results
    kLength,     // the limit of tokens is reached: the answer ends here, and the turn must be interrupted
    kDone,       // the turn has ended well
    kFailed,     // the turn has ended, or must be, with error()
};

// What an answer consists of.
enum class AnswerForm { kText, kJsonSchema };

// Reads the records of a turn into one answer after the other (a turn with tools has several). Everything the model
// said goes to the writer (in the form kJsonSchema: the output that satisfied the schema, at the end); finish() of the
// writer is left to who owns both, with finish_reason() and usage().
class TurnReader {
public:
    // `writer` and `redactor` outlive it, or its next begin_answer().
    TurnReader(AnswerForm form, bool has_tools, const Redactor& redactor);

    // The time of the wall clock; without one a rejected rate limit has a Retry-After of a fixed length.
    void set_unix_time(std::uint64_t now_s) noexcept { now_s_ = now_s; }
    // The records that follow make an answer of their own.
    void begin_answer(AnswerWriter& writer);
    // Once a state other than kRunning was given, further records of the answer are not taken.
    TurnState take(const CliRecord& record);
    // The process has ended in the middle of the turn: the error that is.
    Error error_of(const ProcessEnd& end) const;

    bool has_content() const noexcept { return has_content_; }
    std::string_view finish_reason() const noexcept { return finish_reason_; }
    // What the answer has used up to now; nullopt: not known.
    std::optional<Usage> usage() const noexcept;
    // After kFailed.
    const Error& error() const noexcept { return *error_; }

private:
    enum class Block { kNone, kClientTool, kStructuredOutput };

    TurnState read(const CliRecord& record);
    void add_text(const CliRecord& record);
    void begin_tool(const CliRecord& record);
    void add_tool_input(const CliRecord& record);
    void end_block(const CliRecord& record);
    void begin_message(const CliRecord& record);
    TurnState take_message_delta(const CliRecord& record);
    TurnState take_result(const CliRecord& record);
    TurnState take_structured_output(std::string_view json);
    TurnState fail(Error error);

    const AnswerForm form_;
    const bool has_tools_;
    const Redactor& redactor_;
    AnswerWriter* writer_ = nullptr;
    std::uint64_t now_s_ = 0;

    TurnState state_ = TurnState::kRunning;
    bool has_content_ = false;
    bool has_tool_calls_ = false;
    bool is_refused_ = false;
    std::string finish_reason_ = "stop";
    std::optional<Error> error_;
    FailureFacts facts_;

    Block block_ = Block::kNone;
    std::uint32_t block_index_ = 0;
    bool has_arguments_ = false;
    std::string held_output_;

    bool has_usage_ = false;
    CliUsage earlier_messages_;
    CliUsage this_message_;
};

}  // namespace sluice::claude_code
