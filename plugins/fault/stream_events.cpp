#include "stream_events.hpp"

#include <utility>

namespace sluice::fault {
namespace {

std::string chat_choice(std::string_view delta, std::string_view finish_reason) {
    return "{\"index\":0,\"delta\":" + std::string(delta) +
           ",\"logprobs\":null,\"finish_reason\":" + std::string(finish_reason) + "}";
}

std::string text_choice(std::string_view text, std::string_view finish_reason) {
    return "{\"index\":0,\"text\":" + json_string(text) +
           ",\"logprobs\":null,\"finish_reason\":" + std::string(finish_reason) + "}";
}

}  // namespace

StreamEvents::StreamEvents(const AnswerText& text, bool is_endless) : text_(text), is_endless_(is_endless) {
    add_opening();
}

bool StreamEvents::next(StreamEvent& event) {
    if (next_ready_ == ready_.size()) {
        ready_.clear();
        next_ready_ = 0;
        if (!are_tokens_over()) {
            ++tokens_given_;
            ready_.push_back(token_event(AnswerText::token(text_.facts.prefill_tokens + tokens_given_)));
        } else if (!std::exchange(is_closed_, true)) {
            add_closing();
        }
    }
    if (next_ready_ == ready_.size()) return false;
    event = std::move(ready_[next_ready_++]);
    ++given_;
    return true;
}

bool StreamEvents::leave_out_last() noexcept {
    leaves_out_last_ = text_.facts.endpoint == Endpoint::kResponses;
    return leaves_out_last_;
}

void StreamEvents::add_opening() {
    if (text_.facts.endpoint == Endpoint::kChat) {
        ready_.push_back(chunk(chat_choice(R"({"role":"assistant","content":"","refusal":null})", "null"), "null"));
    }
    if (text_.facts.endpoint != Endpoint::kResponses) return;
    const std::string item = "\"item_id\":\"msg_" + text_.id + "\",\"output_index\":0,\"content_index\":0";
    ready_.push_back(named("response.created", "\"response\":" + response_object(text_, "in_progress", "", "null")));
    ready_.push_back(named("response.output_item.added",
                           "\"output_index\":0,\"item\":" + response_message(text_, "in_progress", "")));
    ready_.push_back(named("response.content_part.added", item + ",\"part\":" + response_text_part("")));
}

StreamEvent StreamEvents::token_event(std::string_view token) {
    switch (text_.facts.endpoint) {
        case Endpoint::kChat: return chunk(chat_choice("{\"content\":" + json_string(token) + "}", "null"), "null");
        case Endpoint::kCompletions: return chunk(text_choice(token, "null"), "null");
        default:
            return named("response.output_text.delta", "\"item_id\":\"msg_" + text_.id +
                                                           "\",\"output_index\":0,\"content_index\":0,\"delta\":" +
                                                           json_string(token) + ",\"logprobs\":[]");
    }
}

void StreamEvents::add_closing() {
    const Usage usage = text_.usage(tokens_given_);
    if (text_.facts.endpoint != Endpoint::kResponses) {
        const bool is_chat = text_.facts.endpoint == Endpoint::kChat;
        ready_.push_back(chunk(is_chat ? chat_choice("{}", "\"stop\"") : text_choice("", "\"stop\""), "null"));
        if (text_.facts.shows_usage) ready_.push_back(chunk("", usage_json(usage)));
        return;
    }
    const std::string item = "\"item_id\":\"msg_" + text_.id + "\",\"output_index\":0,\"content_index\":0";
    const std::string part = response_text_part(text_.whole());
    const std::string message = response_message(text_, "completed", part);
    ready_.push_back(
        named("response.output_text.done", item + ",\"text\":" + json_string(text_.whole()) + ",\"logprobs\":[]"));
    ready_.push_back(named("response.content_part.done", item + ",\"part\":" + part));
    ready_.push_back(named("response.output_item.done", "\"output_index\":0,\"item\":" + message));
    if (leaves_out_last_) return;
    ready_.push_back(named("response.completed",
                           "\"response\":" + response_object(text_, "completed", message, response_usage_json(usage))));
}

// With usage asked for, every chunk has the member: null but for the last one.
StreamEvent StreamEvents::chunk(std::string_view choices, std::string_view usage) const {
    const bool is_chat = text_.facts.endpoint == Endpoint::kChat;
    std::string json = is_chat ? "{\"id\":\"chatcmpl-" : "{\"id\":\"cmpl-";
    json += text_.id;
    json += is_chat ? "\",\"object\":\"chat.completion.chunk\"" : "\",\"object\":\"text_completion\"";
    json += ",\"created\":" + std::to_string(text_.created_unix_s) + ",\"model\":" + json_string(text_.facts.model);
    json.append(",\"choices\":[").append(choices).append("]");
    if (text_.facts.reports_usage) json.append(",\"usage\":").append(usage);
    return {{}, json + "}"};
}

StreamEvent StreamEvents::named(std::string_view type, const std::string& members) {
    return {std::string(type), "{\"type\":\"" + std::string(type) +
                                   "\",\"sequence_number\":" + std::to_string(sequence_++) + "," + members + "}"};
}

}  // namespace sluice::fault
