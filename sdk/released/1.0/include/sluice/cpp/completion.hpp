// What a synchronous backend answers with: one whole completion, or one in pieces.
#pragma once

#include "sluice/cpp/call.hpp"
#include "sluice/cpp/json_text.hpp"
#include "sluice/cpp/usage.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {
inline namespace v1 {

// What all parts of one answer have in common.
struct CompletionHead {
    std::string id;
    std::uint64_t created_unix_s = 0;
    std::string_view model;  // as the client named it
};

inline void append_completion_head(std::string& out, const CompletionHead& head, std::string_view object) {
    out += "{\"id\":";
    append_json_string(out, head.id);
    out += ",\"object\":\"";
    out += object;
    out += "\",\"created\":";
    out += std::to_string(head.created_unix_s);
    out += ",\"model\":";
    append_json_string(out, head.model);
}

inline void append_usage(std::string& out, const Usage& usage) {
    out += ",\"usage\":{\"prompt_tokens\":";
    out += std::to_string(usage.prompt_tokens);
    out += ",\"completion_tokens\":";
    out += std::to_string(usage.completion_tokens);
    out += ",\"total_tokens\":";
    out += std::to_string(usage.prompt_tokens + usage.completion_tokens);
    out += ",\"prompt_tokens_details\":{\"cached_tokens\":";
    out += std::to_string(usage.cached_tokens);
    out += "}}";
}

// A completion that is sent as a whole once complete() has returned.
class Completion {
public:
    // Appends to the answer.
    void write(std::string_view text) { text_ += text; }
    // Appends to what goes out as `reasoning_content`.
    void write_reasoning(std::string_view text) { reasoning_ += text; }
    // "stop" unless set: stop, length, tool_calls, content_filter.
    void set_finish_reason(std::string_view reason) { finish_reason_ = reason; }
    void set_usage(const Usage& usage) { usage_ = usage; }

    const std::string& text() const noexcept { return text_; }
    const std::string& reasoning() const noexcept { return reasoning_; }
    const std::string& finish_reason() const noexcept { return finish_reason_; }
    const std::optional<Usage>& usage() const noexcept { return usage_; }

    // The `chat.completion` object.
    std::string to_json(const CompletionHead& head) const {
        std::string json;
        json.reserve(text_.size() + reasoning_.size() + 512);
        append_completion_head(json, head, "chat.completion");
        json += ",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":";
        append_json_string(json, text_);
        json += ",\"refusal\":null";
        if (!reasoning_.empty()) {
            json += ",\"reasoning_content\":";
            append_json_string(json, reasoning_);
        }
        json += "},\"logprobs\":null,\"finish_reason\":";
        append_json_string(json, finish_reason_);
        json += "}]";
        if (usage_) {
            append_usage(json, *usage_);
        }
        json += '}';
        return json;
    }

private:
    std::string text_;
    std::string reasoning_;
    std::string finish_reason_ = "stop";
    std::optional<Usage> usage_;
};

// A completion that is sent while it is made. Nothing is sent before the first text, so an exception up to there is an
// ordinary error answer; after it the client sees an error event. Characters may be cut anywhere between two pieces.
class CompletionStream {
public:
    CompletionStream(Call& call, const CompletionHead& head, bool wants_usage)
        : call_(call), wants_usage_(wants_usage) {
        append_completion_head(prefix_, head, "chat.completion.chunk");
    }
    CompletionStream(const CompletionStream&) = delete;
    CompletionStream& operator=(const CompletionStream&) = delete;

    // Sends a piece of the answer; waits while the client's queue is full. False once the client has left: stop then.
    bool write(std::string_view text) { return write_delta("content", text, unfinished_text_); }
    // The same for `reasoning_content`.
    bool write_reasoning(std::string_view text) {
        return write_delta("reasoning_content", text, unfinished_reasoning_);
    }
    // "stop" unless set: stop, length, tool_calls, content_filter.
    void set_finish_reason(std::string_view reason) { finish_reason_ = reason; }
    // Before complete_stream() returns. Sent to clients that ask for it.
    void set_usage(const Usage& usage) { usage_ = usage; }
    bool is_cancelled() const noexcept { return is_cancelled_ || call_.is_cancelled(); }

    const std::optional<Usage>& usage() const noexcept { return usage_; }
    // Sends what ends a stream. Called by the wrapper when complete_stream() has returned. False as for write().
    bool close() {
        flush("reasoning_content", unfinished_reasoning_);
        flush("content", unfinished_text_);
        open();
        begin_chunk();
        event_ += "},\"finish_reason\":";
        append_json_string(event_, finish_reason_);
        event_ += "}]";
        if (wants_usage_ && usage_) {
            event_ += ",\"usage\":null";
        }
        send();
        if (wants_usage_ && usage_) {
            event_ = prefix_;
            event_ += ",\"choices\":[]";
            append_usage(event_, *usage_);
            send();
        }
        return !is_cancelled_;
    }

private:
    bool write_delta(std::string_view field, std::string_view text, std::string& unfinished) {
        unfinished += text;
        const std::size_t rest = utf8_unfinished(unfinished);
        const std::string_view whole = std::string_view(unfinished).substr(0, unfinished.size() - rest);
        if (whole.empty()) {
            return !is_cancelled_;
        }
        const bool goes_on = send_delta(field, whole);
        unfinished.erase(0, whole.size());
        return goes_on;
    }
    void flush(std::string_view field, std::string& unfinished) {
        if (!unfinished.empty()) {
            send_delta(field, unfinished);
            unfinished.clear();
        }
    }
    bool send_delta(std::string_view field, std::string_view text) {
        open();
        begin_chunk();
        event_ += '"';
        event_ += field;
        event_ += "\":";
        append_json_string(event_, text);
        end_chunk();
        return send();
    }
    // The head of the answer and the event with the role go out together with the first text.
    void open() {
        if (is_open_) {
            return;
        }
        is_open_ = true;
        call_.begin(ResponseHead::events());
        begin_chunk();
        event_ += "\"role\":\"assistant\",\"content\":\"\"";
        end_chunk();
        send();
    }
    void begin_chunk() {
        event_ = prefix_;
        event_ += ",\"choices\":[{\"index\":0,\"delta\":{";
    }
    void end_chunk() {
        event_ += "},\"finish_reason\":null}]";
        if (wants_usage_) {
            event_ += ",\"usage\":null";
        }
    }
    bool send() {
        event_ += '}';
        if (!is_cancelled_) {
            const sluice_status status = call_.write_event(event_);
            is_cancelled_ = status == SLUICE_CANCELLED || status < 0;
        }
        return !is_cancelled_;
    }

    Call& call_;
    const bool wants_usage_;
    bool is_open_ = false;
    bool is_cancelled_ = false;
    std::string prefix_;
    std::string event_;
    std::string unfinished_text_;
    std::string unfinished_reasoning_;
    std::string finish_reason_ = "stop";
    std::optional<Usage> usage_;
};

}  // namespace v1
}  // namespace sluice
