// The text of an answer: the numbers from 1 on, so that everybody sees where one was cut.
#pragma once

#include <sluice/cpp/usage.hpp>

#include <cstdint>
#include <string>
#include <string_view>

#include "request_facts.hpp"

namespace sluice::fault {

// One good answer, identified as clients see it.
struct AnswerText {
    const RequestFacts& facts;
    std::string id;  // without its prefix
    std::uint64_t created_unix_s = 0;
    std::uint32_t last_token = 0;  // the number of the last one

    // Token by token, from facts.prefill_tokens + 1 on.
    static std::string token(std::uint32_t number) { return number == 1 ? "1" : " " + std::to_string(number); }
    std::uint32_t count() const { return last_token > facts.prefill_tokens ? last_token - facts.prefill_tokens : 0; }
    std::string whole() const {
        std::string text;
        for (std::uint32_t number = facts.prefill_tokens + 1; number <= last_token; ++number) text += token(number);
        return text;
    }
    Usage usage(std::uint32_t completion_tokens) const {
        Usage used;
        used.prompt_tokens = facts.prompt_tokens;
        used.completion_tokens = completion_tokens;
        return used;
    }
};

// With its quotes.
std::string json_string(std::string_view text);

// {"prompt_tokens":…}, in the words of chat completions.
std::string usage_json(const Usage& usage);
// {"input_tokens":…}, in the words of responses.
std::string response_usage_json(const Usage& usage);

// The answer in one piece.
std::string whole_answer(const AnswerText& text);

// The object of a response; `usage` and `output` are JSON.
std::string response_object(const AnswerText& text, std::string_view status, std::string_view output,
                            std::string_view usage);
// The message in its output.
std::string response_message(const AnswerText& text, std::string_view status, std::string_view content);
std::string response_text_part(std::string_view content);

}  // namespace sluice::fault
