#include "request/chat_messages.hpp"

#include <sluice/cpp/error.hpp>

#include <algorithm>

#include "request/blank_text.hpp"
#include "request/message_parts.hpp"
#include "request/place.hpp"

namespace sluice::claude_code {
namespace {

namespace dom = simdjson::dom;

constexpr Place kMessages("messages");
constexpr std::string_view kToolAdvice =
    "Leave calls of tools and their results out of the messages, or write them as text.";

std::size_t characters_in(std::string_view utf8) noexcept {
    return static_cast<std::size_t>(
        std::count_if(utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

class MessagesReader {
public:
    MessagesReader(const RequestRules& rules, ChatRequest& request) : rules_(rules), request_(request) {}

    void read(const Place& place, const dom::element& value) {
        const dom::object message = read_object(place, value);
        read_as(required_string(place, message, "role"), place, message);
    }

private:
    void read_as(std::string_view role, const Place& place, const dom::object& message) {
        if (role == "user") return read_user(place, message);
        if (role == "assistant") return read_assistant(place, message);
        if (role == "system" || role == "developer") return read_system(place, message);
        const Place role_place = place.member("role");
        if (role == "tool") {
            if (!rules_.features.has_tools) refuse_unsupported(role_place, "the role tool is", kToolAdvice);
            return read_tool_result(place, message);
        }
        if (role == "function") refuse_unsupported(role_place, "the role function is", kToolAdvice);
        refuse(role_place, shown(role), "system, developer, user, assistant or tool");
    }

    void read_system(const Place& place, const dom::object& message) {
        const std::string text = text_of(content_of(place, message, AllowedParts::kText), "\n\n");
        check_length(place, characters_in(text));
        if (text.empty()) return;
        if (!request_.system_prompt.empty()) request_.system_prompt += "\n\n";
        request_.system_prompt += text;
    }

    void read_user(const Place& place, const dom::object& message) {
        add(place, Message{Role::kUser, content_of(place, message, AllowedParts::kTextAndImages), {}, {}});
    }

    void read_assistant(const Place& place, const dom::object& message) {
        Message made{Role::kAssistant, {}, read_tool_calls(place, message), {}};
        dom::element value;
        if (find_member(message, "function_call", value)) {
            refuse_unsupported(place.member("function_call"), "a call of a function is", kToolAdvice);
        }
        if (find_member(message, "audio", value)) {
            refuse_unsupported(place.member("audio"), "a spoken answer is", "Give its words as content.");
        }
        const bool has_content = find_member(message, "content", value);
        if (!has_content && find_member(message, "refusal", value)) {
            made.parts.push_back(ContentPart{std::string(read_string(place.member("refusal"), value)), {}});
        } else if (has_content || made.tool_calls.empty()) {
            made.parts = content_of(place, message, AllowedParts::kTextAndRefusals);
        }
        add(place, std::move(made));
    }

    void read_tool_result(const Place& place, const dom::object& message) {
        const std::string_view id = required_string(place, message, "tool_call_id");
        Message made{Role::kTool, content_of(place, message, AllowedParts::kText), {}, {}};
        made.tool_call_id = id;
        add(place, std::move(made));
    }

    std::vector<ToolCall> read_tool_calls(const Place& place, const dom::object& message) {
        std::vector<ToolCall> calls;
        dom::element value;
        if (!find_member(message, "tool_calls", value)) return calls;
        const Place list = place.member("tool_calls");
        for (const dom::element each : read_array(list, value)) {
            if (!rules_.features.has_tools) refuse_unsupported(list, "a call of a tool is", kToolAdvice);
            calls.push_back(read_tool_call(list.element(calls.size()), each));
        }
        return calls;
    }

    static ToolCall read_tool_call(const Place& place, const dom::element& value) {
        const dom::object call = read_object(place, value);
        dom::element member;
        const Place type = place.member("type");
        if (find_member(call, "type", member) && read_string(type, member) != "function") {
            refuse_unsupported(type, "a call of type " + shown(read_string(type, member)) + " is", kToolAdvice);
        }
        const Place function_place = place.member("function");
        const dom::object function = read_object(function_place, required_member(place, call, "function", "an object"));
        ToolCall made;
        made.id = required_string(place, call, "id");
        made.name = required_string(function_place, function, "name");
        made.arguments = required_string(function_place, function, "arguments");
        return made;
    }

    std::vector<ContentPart> content_of(const Place& place, const dom::object& message, AllowedParts allowed) const {
        const dom::element content = required_member(place, message, "content", "a string or an array of parts");
        return read_parts(place.member("content"), content, allowed, rules_.features);
    }

    void add(const Place& place, Message message) {
        std::size_t characters = 0;
        for (const ContentPart& part : message.parts) characters += characters_in(part.text);
        for (const ToolCall& call : message.tool_calls) characters += characters_in(call.arguments);
        check_length(place, characters);
        request_.messages.push_back(std::move(message));
    }

    void check_length(const Place& place, std::size_t characters) const {
        const std::size_t most = rules_.max_message_characters;
        if (most == 0 || characters <= most) return;
        refuse(place.member("content"), std::to_string(characters) + " characters", "at most " + std::to_string(most));
    }

    const RequestRules& rules_;
    ChatRequest& request_;
};

// Upstream refuses a turn in which nothing is said.
void check_last_user(const std::vector<Message>& messages) {
    const auto is_user = [](const Message& message) { return message.role == Role::kUser; };
    const auto last = std::find_if(messages.rbegin(), messages.rend(), is_user);
    if (last == messages.rend()) refuse(kMessages, "no message of a user", "at least one");
    const auto says_something = [](const ContentPart& part) {
        return !part.image_json.empty() || !is_blank(part.text);
    };
    if (std::none_of(last->parts.begin(), last->parts.end(), says_something)) {
        refuse(kMessages, "an empty text in the last message of a user", "a text that is not blank");
    }
}

}  // namespace

void read_messages(const dom::element& value, const RequestRules& rules, ChatRequest& request) {
    const dom::array messages = read_array(kMessages, value);
    MessagesReader reader(rules, request);
    std::size_t index = 0;
    for (const dom::element each : messages) {
        if (rules.max_messages != 0 && index == rules.max_messages) {
            std::size_t count = 0;
            for ([[maybe_unused]] const dom::element counted : messages) ++count;
            refuse(kMessages, std::to_string(count) + " messages", "at most " + std::to_string(rules.max_messages));
        }
        reader.read(kMessages.element(index++), each);
    }
    check_last_user(request.messages);
}

}  // namespace sluice::claude_code
