#include "request/prompt.hpp"

#include <sluice/cpp/json_text.hpp>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <vector>

#include "request/blank_text.hpp"
#include "request/message_parts.hpp"

namespace sluice::claude_code {
namespace {

// What is said in a turn, put together from texts and pictures.
class Content {
public:
    void add_image(std::string_view json) { blocks_.push_back(Block{std::string(json), true}); }
    // Upstream refuses blank texts: where anything else is said they are left out.
    void add_text(std::string_view text) {
        if (!is_blank(text)) blocks_.push_back(Block{std::string(text), false});
    }
    std::string finish();

private:
    struct Block {
        std::string value;  // JSON of a picture, or a text
        bool is_image;
    };
    void disarm_last_text();

    std::vector<Block> blocks_;
};

// The program runs /commands it finds at the start of the last text; after a line end they are text like any other.
void Content::disarm_last_text() {
    const auto last = std::find_if(blocks_.rbegin(), blocks_.rend(), [](const Block& each) { return !each.is_image; });
    if (last != blocks_.rend() && last->value.starts_with('/')) last->value.insert(0, 1, '\n');
}

std::string Content::finish() {
    disarm_last_text();
    std::string json;
    if (blocks_.size() == 1 && !blocks_.front().is_image) {
        append_json_string(json, blocks_.front().value);
        return json;
    }
    json += '[';
    for (const Block& block : blocks_) {
        if (json.size() > 1) json += ',';
        if (block.is_image) {
            json += block.value;
            continue;
        }
        json += R"({"type":"text","text":)";
        append_json_string(json, block.value);
        json += '}';
    }
    return json + "]";
}

std::string content_of(const Message& message) {
    Content content;
    for (const ContentPart& part : message.parts) {
        if (part.image_json.empty()) {
            content.add_text(part.text);
        } else {
            content.add_image(part.image_json);
        }
    }
    return content.finish();
}

// Messages as one text, and the pictures the text refers to before it.
class LabelledHistory {
public:
    void add(const Message& message) {
        if (!text_.empty()) text_ += "\n\n";
        append_label(message);
        bool is_first = true;
        for (const ContentPart& part : message.parts) {
            if (!is_first) text_ += '\n';
            is_first = false;
            append_part(part);
        }
        for (const ToolCall& call : message.tool_calls) {
            if (!is_first) text_ += '\n';
            is_first = false;
            text_.append("[Tool call ").append(call.id).append(": ").append(call.name).append(" ");
            text_.append(call.arguments).append("]");
        }
    }

    std::string finish() {
        content_.add_text(text_);
        return content_.finish();
    }

private:
    void append_label(const Message& message) {
        switch (message.role) {
            case Role::kUser: text_ += "User: "; return;
            case Role::kAssistant: text_ += "Assistant: "; return;
            case Role::kTool: text_.append("Tool result ").append(message.tool_call_id).append(": "); return;
        }
    }

    void append_part(const ContentPart& part) {
        if (part.image_json.empty()) {
            text_ += part.text;
            return;
        }
        content_.add_image(part.image_json);
        text_.append("[Image ").append(std::to_string(++image_count_)).append("]");
    }

    Content content_;
    std::string text_;
    std::size_t image_count_ = 0;
};

using MessageIterator = std::vector<Message>::const_iterator;

std::string history_of(MessageIterator begin, MessageIterator end) {
    LabelledHistory history;
    for (; begin != end; ++begin) history.add(*begin);
    return history.finish();
}

}  // namespace

std::string prompt_content(const ChatRequest& request, bool is_new_session) {
    const std::vector<Message>& messages = request.messages;
    if (is_new_session && messages.size() > 1) return history_of(messages.begin(), messages.end());
    const auto is_user = [](const Message& message) { return message.role == Role::kUser; };
    const auto is_no_result = [](const Message& message) { return message.role != Role::kTool; };
    if (request.has_tool_results()) {
        // The calls they answer are no longer waited for; the question before them has been asked already.
        const auto results = std::find_if(messages.rbegin(), messages.rend(), is_no_result).base();
        return history_of(results, messages.end());
    }
    const auto last = std::find_if(messages.rbegin(), messages.rend(), is_user);
    if (last == messages.rend()) return "\"\"";
    // Results just before it were not told yet either.
    const auto first = std::find_if(std::next(last), messages.rend(), is_no_result);
    if (first != std::next(last)) return history_of(first.base(), last.base());
    return content_of(*last);
}

}  // namespace sluice::claude_code
