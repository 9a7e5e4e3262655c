#include "answer_text.hpp"

#include <sluice/cpp/json_text.hpp>

#include <string_view>

namespace sluice::fault {
namespace {

std::string head_of(const AnswerText& text, std::string_view prefix, std::string_view object) {
    return "{\"id\":\"" + std::string(prefix) + text.id + "\",\"object\":\"" + std::string(object) +
           "\",\"created\":" + std::to_string(text.created_unix_s) + ",\"model\":" + json_string(text.facts.model);
}

std::string chat_completion(const AnswerText& text) {
    return head_of(text, "chatcmpl-", "chat.completion") +
           ",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":" + json_string(text.whole()) +
           ",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":" +
           usage_json(text.usage(text.count())) + "}";
}

std::string text_completion(const AnswerText& text) {
    return head_of(text, "cmpl-", "text_completion") +
           ",\"choices\":[{\"index\":0,\"text\":" + json_string(text.whole()) +
           ",\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":" + usage_json(text.usage(text.count())) + "}";
}

std::string embedding_list(const AnswerText& text) {
    const std::string tokens = std::to_string(text.facts.prompt_tokens);
    return "{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,\"embedding\":[0.5,-0.5,0.5,-0.5]}],"
           "\"model\":" +
           json_string(text.facts.model) + ",\"usage\":{\"prompt_tokens\":" + tokens + ",\"total_tokens\":" + tokens +
           "}}";
}

}  // namespace

std::string json_string(std::string_view text) {
    std::string json;
    append_json_string(json, text);
    return json;
}

std::string usage_json(const Usage& usage) {
    return "{\"prompt_tokens\":" + std::to_string(usage.prompt_tokens) +
           ",\"completion_tokens\":" + std::to_string(usage.completion_tokens) +
           ",\"total_tokens\":" + std::to_string(usage.prompt_tokens + usage.completion_tokens) +
           ",\"prompt_tokens_details\":{\"cached_tokens\":0}}";
}

std::string response_usage_json(const Usage& usage) {
    return "{\"input_tokens\":" + std::to_string(usage.prompt_tokens) +
           ",\"input_tokens_details\":{\"cached_tokens\":0},\"output_tokens\":" +
           std::to_string(usage.completion_tokens) +
           ",\"output_tokens_details\":{\"reasoning_tokens\":0},\"total_tokens\":" +
           std::to_string(usage.prompt_tokens + usage.completion_tokens) + "}";
}

std::string whole_answer(const AnswerText& text) {
    switch (text.facts.endpoint) {
        case Endpoint::kChat: return chat_completion(text);
        case Endpoint::kCompletions: return text_completion(text);
        case Endpoint::kEmbeddings: return embedding_list(text);
        case Endpoint::kResponses: {
            const std::string message = response_message(text, "completed", response_text_part(text.whole()));
            return response_object(text, "completed", message, response_usage_json(text.usage(text.count())));
        }
        case Endpoint::kOther: break;
    }
    return {};
}

std::string response_object(const AnswerText& text, std::string_view status, std::string_view output,
                            std::string_view usage) {
    std::string json = "{\"id\":\"resp_" + text.id +
                       "\",\"object\":\"response\",\"created_at\":" + std::to_string(text.created_unix_s) +
                       ",\"status\":\"";
    json.append(status).append("\",\"model\":").append(json_string(text.facts.model));
    json +=
        ",\"error\":null,\"incomplete_details\":null,\"instructions\":null,\"metadata\":{},"
        "\"parallel_tool_calls\":true,\"temperature\":1,\"tool_choice\":\"auto\",\"tools\":[],\"top_p\":1,"
        "\"output\":[";
    return json.append(output).append("],\"usage\":").append(usage).append("}");
}

std::string response_message(const AnswerText& text, std::string_view status, std::string_view content) {
    std::string json = "{\"id\":\"msg_" + text.id + "\",\"type\":\"message\",\"role\":\"assistant\",\"status\":\"";
    return json.append(status).append("\",\"content\":[").append(content).append("]}");
}

std::string response_text_part(std::string_view content) {
    return "{\"type\":\"output_text\",\"text\":" + json_string(content) + ",\"annotations\":[]}";
}

}  // namespace sluice::fault
