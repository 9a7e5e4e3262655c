#include "turn/answer_relay.hpp"

#include <utility>

#include "answer/completion_builder.hpp"

namespace sluice::claude_code {

AnswerRelay::AnswerRelay(std::shared_ptr<CallBridge> bridge, AnswerHead head, bool is_stream, const Redactor& redactor)
    : bridge_(std::move(bridge)) {
    if (is_stream) {
        ChunkSink& sink = *this;
        stream_ = std::make_unique<StreamAdapter>(std::move(head), redactor, sink);
        writer_ = stream_.get();
    } else {
        whole_ = std::make_unique<CompletionBuilder>(std::move(head), redactor);
        writer_ = whole_.get();
    }
}

AnswerRelay::~AnswerRelay() = default;

void AnswerRelay::open(SessionHead head) {
    head_ = std::move(head);
    if (!held_.empty()) begin();
    for (std::string& chunk : std::exchange(held_, {})) bridge_->write_event(std::move(chunk));
    if (is_complete_) end();
}

void AnswerRelay::finish(std::string_view finish_reason, const std::optional<Usage>& usage) {
    if (is_over_ || is_complete_) return;
    usage_ = usage;
    writer_->finish(finish_reason, usage.value_or(Usage{}));
    is_complete_ = true;
    if (head_) end();
}

void AnswerRelay::fail(const Error& error, const std::optional<Usage>& usage) {
    if (is_over_) return;
    if (!has_begun_) {
        is_over_ = true;
        return bridge_->fail(error, usage);
    }
    // A reader that stops at the finish chunk is told the least it can be; the event behind it says what happened.
    writer_->finish("stop", usage.value_or(Usage{}));
    is_over_ = true;
    bridge_->fail(Error("stream_error", error.what()), usage);
}

void AnswerRelay::on_chunk(std::string json) {
    if (is_over_) return;
    if (!head_) return held_.push_back(std::move(json));
    begin();
    bridge_->write_event(std::move(json));
}

void AnswerRelay::begin() {
    if (std::exchange(has_begun_, true)) return;
    bridge_->begin_stream(*head_);
}

void AnswerRelay::end() {
    is_over_ = true;
    has_begun_ = true;
    if (stream_ != nullptr) return bridge_->finish_stream(usage_);
    bridge_->answer(*head_, whole_->take_json(), usage_);
}

}  // namespace sluice::claude_code
