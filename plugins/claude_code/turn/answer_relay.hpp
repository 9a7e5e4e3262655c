// The answer of a turn on its way to the client.
#pragma once

#include <sluice/cpp/error.hpp>
#include <sluice/cpp/usage.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "answer/answer_writer.hpp"
#include "answer/redactor.hpp"
#include "answer/stream_adapter.hpp"
#include "turn/call_bridge.hpp"

namespace sluice::claude_code {

class CompletionBuilder;

// Writes an answer, streamed or whole, and keeps it back until its session is stored: no client may learn of a session
// that a crash could still undo. [home-loop]
class AnswerRelay final : private ChunkSink {
public:
    // `redactor` outlives it.
    AnswerRelay(std::shared_ptr<CallBridge> bridge, AnswerHead head, bool is_stream, const Redactor& redactor);
    ~AnswerRelay();

    AnswerWriter& writer() noexcept { return *writer_; }
    // From now on what is written goes out.
    void open(SessionHead head);
    // The answer is complete; what the writer was given goes out when it is open.
    void finish(std::string_view finish_reason, const std::optional<Usage>& usage);
    // The answer has failed: with the error's own status before the first byte, else as an event behind a finish chunk.
    void fail(const Error& error, const std::optional<Usage>& usage);

    // The client has seen the head, and with it the session's id.
    bool has_begun() const noexcept { return has_begun_; }
    bool is_over() const noexcept { return is_over_; }

private:
    // ChunkSink
    void on_chunk(std::string json) override;

    void begin();
    void end();

    const std::shared_ptr<CallBridge> bridge_;
    std::unique_ptr<StreamAdapter> stream_;  // of these two, one
    std::unique_ptr<CompletionBuilder> whole_;
    AnswerWriter* writer_;
    std::optional<SessionHead> head_;  // once open
    std::vector<std::string> held_;
    bool is_complete_ = false;
    bool has_begun_ = false;
    bool is_over_ = false;
    std::optional<Usage> usage_;
};

}  // namespace sluice::claude_code
