// Judges an answer that was held whole.
#pragma once

#include <simdjson.h>

#include <span>
#include <string_view>

#include "sluice/message.h"

namespace sluice::openai {

// What a 200 of an endpoint has to be.
enum class AnswerShape {
    kAny,        // whatever its content type says
    kObject,     // a JSON object
    kCompletion  // a JSON object with an array `choices`
};

AnswerShape shape_of_path(std::string_view path);

struct AnswerJudgement {
    std::string_view problem;  // static text, empty if the answer is good
    bool has_usage = false;
    sluice_usage usage{};
};

// Validates the whole body (syntax, UTF-8, numbers) and reads the usage. 64 readable bytes must follow it.
AnswerJudgement judge_answer(simdjson::dom::parser& parser, std::span<const char> body, AnswerShape shape);

// Whether an error body may pass as it is: a JSON object or array. 64 readable bytes must follow it.
bool is_json_error_body(simdjson::dom::parser& parser, std::span<const char> body);

}  // namespace sluice::openai
