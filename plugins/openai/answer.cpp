#include "answer.hpp"

#include "json_document.hpp"
#include "usage.hpp"

namespace sluice::openai {
namespace {

namespace dom = simdjson::dom;

}  // namespace

AnswerShape shape_of_path(std::string_view path) {
    if (path == "/v1/chat/completions" || path == "/v1/completions") return AnswerShape::kCompletion;
    const bool is_json_only = path == "/v1/responses" || path == "/v1/embeddings" || path == "/v1/moderations";
    return is_json_only ? AnswerShape::kObject : AnswerShape::kAny;
}

// Rationale: DOM, not on-demand. On-demand validates only what it visits; visiting every value costs more than the
// tape does (see README, "What it costs").
AnswerJudgement judge_answer(dom::parser& parser, std::span<const char> body, AnswerShape shape) {
    AnswerJudgement judgement;
    dom::element root;
    if (!parse_json(parser, body, root)) {
        judgement.problem = "the upstream answered with status 200 and a body that is no valid JSON";
        return judgement;
    }
    dom::object members;
    if (root.get(members) != simdjson::SUCCESS) {
        if (shape != AnswerShape::kAny) judgement.problem = "the upstream answered with JSON that is no object";
        return judgement;
    }
    bool has_choices = false;
    for (const auto [key, value] : members) {
        if (key == "choices")
            has_choices = value.is_array();
        else if (key == "usage")
            judgement.has_usage = read_usage(value, judgement.usage);
    }
    if (shape == AnswerShape::kCompletion && !has_choices) {
        judgement.problem = "the upstream answered with JSON that is no completion: it has no array `choices`";
    }
    return judgement;
}

bool is_json_error_body(dom::parser& parser, std::span<const char> body) {
    dom::element root;
    if (!parse_json(parser, body, root)) return false;
    return root.is_object() || root.is_array();
}

}  // namespace sluice::openai
