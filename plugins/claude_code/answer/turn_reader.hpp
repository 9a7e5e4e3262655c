// What the records of one turn mean for the answer.
#pragma once

#include <sluice/cpp/error.hpp>
#include <sluice/cpp/usage.hpp>

#include <optional>
#include <string>

#include "answer/answer_writer.hpp"
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
// said goes to the writer; finish() of the writer is left to who owns both, with finish_reason() and usage().
class TurnReader {
public:
    // `writer` and `redactor` outlive it, or its next begin_answer().
    TurnReader(AnswerForm form, bool has_tools, const Redactor& redactor);

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
    bool has_content_ = false;
    std::string finish_reason_ = "stop";
    std::optional<Error> error_;
};

}  // namespace sluice::claude_code
