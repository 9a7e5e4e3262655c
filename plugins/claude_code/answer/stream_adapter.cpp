#include "answer/stream_adapter.hpp"

#include <sluice/cpp/completion.hpp>
#include <sluice/cpp/json_text.hpp>

#include <utility>

namespace sluice::claude_code {

StreamAdapter::StreamAdapter(AnswerHead head, const Redactor& redactor, ChunkSink& sink)
    : head_(std::move(head)), redactor_(redactor), sink_(sink) {
    append_completion_head(prefix_, CompletionHead{head_.id, head_.created_unix_s, head_.model},
                           "chat.completion.chunk");
}

void StreamAdapter::add_text(std::string_view text) { add(Part::kText, text); }

void StreamAdapter::add_reasoning(std::string_view text) { add(Part::kReasoning, text); }

void StreamAdapter::begin_tool_call(std::string_view id, std::string_view name) {
    end_part();
    std::string delta = "\"tool_calls\":[{\"index\":" + std::to_string(tool_calls_) + ",\"id\":";
    append_json_string(delta, id);
    delta += ",\"type\":\"function\",\"function\":{\"name\":";
    append_json_string(delta, name);
    delta += ",\"arguments\":\"\"}}]";
    ++tool_calls_;
    send(delta);
}

void StreamAdapter::add_tool_arguments(std::string_view json_piece) { add(Part::kArguments, json_piece); }

void StreamAdapter::finish(std::string_view finish_reason, const Usage& usage) {
    end_part();
    open();
    begin_chunk();
    end_chunk(finish_reason);
    if (!head_.wants_usage) return;
    std::string json = prefix_;
    json += ",\"choices\":[]";
    append_usage(json, usage);
    json += '}';
    sink_.on_chunk(std::move(json));
}

void StreamAdapter::add(Part part, std::string_view piece) {
    if (part != part_) begin_part(part);
    redacting_->feed(piece, ready_);
    send_ready(false);
}

void StreamAdapter::begin_part(Part part) {
    end_part();
    part_ = part;
    redacting_.emplace(redactor_);
}

// What was held back of a part belongs before the next one.
void StreamAdapter::end_part() {
    if (part_ == Part::kNone) return;
    redacting_->finish(ready_);
    send_ready(true);
    part_ = Part::kNone;
}

void StreamAdapter::send_ready(bool is_last) {
    const std::size_t unfinished = is_last ? 0 : utf8_unfinished(ready_);
    const std::string_view whole = std::string_view(ready_).substr(0, ready_.size() - unfinished);
    if (whole.empty()) return;
    if (part_ == Part::kText) {
        send_delta("\"content\":", whole, "");
    } else if (part_ == Part::kReasoning) {
        send_delta("\"reasoning_content\":", whole, "");
    } else {
        const std::size_t index = tool_calls_ == 0 ? 0 : tool_calls_ - 1;
        const std::string field =
            "\"tool_calls\":[{\"index\":" + std::to_string(index) + ",\"function\":{\"arguments\":";
        send_delta(field, whole, "}}]");
    }
    ready_.erase(0, whole.size());
}

void StreamAdapter::send_delta(std::string_view field, std::string_view text, std::string_view close) {
    open();
    std::string& json = begin_chunk();
    json += field;
    append_json_string(json, text);
    json += close;
    end_chunk({});
}

void StreamAdapter::open() {
    if (is_open_) return;
    is_open_ = true;
    send("\"role\":\"assistant\",\"content\":\"\"");
}

void StreamAdapter::send(std::string_view delta) {
    open();
    begin_chunk() += delta;
    end_chunk({});
}

std::string& StreamAdapter::begin_chunk() {
    constexpr std::size_t kUsual = 128;
    chunk_.reserve(prefix_.size() + kUsual);
    chunk_ = prefix_;
    chunk_ += ",\"choices\":[{\"index\":0,\"delta\":{";
    return chunk_;
}

void StreamAdapter::end_chunk(std::string_view finish_reason) {
    chunk_ += "},\"finish_reason\":";
    if (finish_reason.empty()) {
        chunk_ += "null}]";
    } else {
        append_json_string(chunk_, finish_reason);
        chunk_ += "}]";
    }
    if (head_.wants_usage) chunk_ += ",\"usage\":null";
    chunk_ += '}';
    sink_.on_chunk(std::exchange(chunk_, std::string()));
}

}  // namespace sluice::claude_code
