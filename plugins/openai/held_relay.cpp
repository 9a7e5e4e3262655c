#include "held_relay.hpp"

#include <cstring>

#include "upstream_error.hpp"

namespace sluice::openai {
namespace {

constexpr std::string_view kJsonType = "application/json";
constexpr std::size_t kPadding = simdjson::SIMDJSON_PADDING;
constexpr std::size_t kKeptParserBytes = 1u << 20;

// A parser keeps the memory of the largest document it has seen.
void trim(simdjson::dom::parser& parser) {
    if (parser.capacity() > kKeptParserBytes) parser = simdjson::dom::parser();
}

}  // namespace

HeldRelay::HeldRelay(const ResponseHead& head, AnswerShape shape, std::size_t max_bytes, const KeyMask& mask)
    : mask_(mask), shape_(shape), max_bytes_(max_bytes), status_(head.status) {
    if (!head.is_success()) retry_after_ms_ = head.retry_after_in_ms();
}

Flow HeldRelay::on_body(std::span<char> piece) {
    if (kept_.size() + in_place_.size() + piece.size() > max_bytes_) {
        if (status_ >= 400) return fail(wrapped_failure(status_, retry_after_ms_));
        return fail(
            upstream_failure("the upstream's answer is larger than max_answer_bytes, " + std::to_string(max_bytes_)));
    }
    if (!kept_.empty()) {
        kept_.append(piece.data(), piece.size());
    } else if (in_place_.empty()) {
        in_place_ = piece;
    } else {
        // Between them lies only framing that has been read already.
        char* const behind = in_place_.data() + in_place_.size();
        std::memmove(behind, piece.data(), piece.size());
        in_place_ = {in_place_.data(), in_place_.size() + piece.size()};
    }
    return Flow::kMore;
}

void HeldRelay::on_batch_end(const ResponseHead& head, Reply& reply) {
    if (!reply.is_begun()) begin(head, head.content_length, reply);
    if (in_place_.empty()) return;
    const bool is_length_known = head.content_length != SLUICE_LENGTH_UNKNOWN && head.content_length <= max_bytes_;
    if (kept_.empty() && is_length_known) kept_.reserve(static_cast<std::size_t>(head.content_length) + kPadding);
    kept_.append(in_place_.data(), in_place_.size());
    in_place_ = {};
}

Flow HeldRelay::on_end(const ResponseHead& head, simdjson::dom::parser& parser, Reply& reply) {
    if (!kept_.empty()) {
        kept_.reserve(kept_.size() + kPadding);
        in_place_ = kept_;
    }
    mask_.apply(in_place_);
    if (status_ >= 400) {
        const bool is_json = is_json_error_body(parser, in_place_);
        trim(parser);
        if (!is_json) return fail(wrapped_failure(status_, retry_after_ms_));
    } else {
        const AnswerJudgement judgement = judge_answer(parser, in_place_, shape_);
        trim(parser);
        if (!judgement.problem.empty()) return fail(upstream_failure(judgement.problem));
        has_usage_ = judgement.has_usage;
        usage_ = judgement.usage;
    }
    if (!reply.is_begun()) begin(head, in_place_.size(), reply);
    reply.write(in_place_);
    return Flow::kFinish;
}

void HeldRelay::begin(const ResponseHead& head, std::uint64_t length, Reply& reply) {
    reply.begin(head, head.is_json() ? head.content_type : kJsonType, length, 0);
}

Flow HeldRelay::fail(Failure failure) {
    failure_ = std::make_unique<Failure>(std::move(failure));
    return Flow::kFail;
}

}  // namespace sluice::openai
