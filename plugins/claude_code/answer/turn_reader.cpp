#include "answer/turn_reader.hpp"

#include <algorithm>
#include <utility>

namespace sluice::claude_code {

namespace {

constexpr std::string_view kClientToolPrefix = "mcp__gw__";
constexpr std::string_view kStructuredOutputTool = "StructuredOutput";

void add(CliUsage& sum, const CliUsage& usage) noexcept {
    sum.input_tokens += usage.input_tokens;
    sum.cache_creation_tokens += usage.cache_creation_tokens;
    sum.cache_read_tokens += usage.cache_read_tokens;
    sum.output_tokens += usage.output_tokens;
}

// The figures at the end of a message replace those of its start, where there are any.
void update(CliUsage& usage, const CliUsage& later) noexcept {
    usage.input_tokens = std::max(usage.input_tokens, later.input_tokens);
    usage.cache_creation_tokens = std::max(usage.cache_creation_tokens, later.cache_creation_tokens);
    usage.cache_read_tokens = std::max(usage.cache_read_tokens, later.cache_read_tokens);
    usage.output_tokens = std::max(usage.output_tokens, later.output_tokens);
}

}  // namespace

TurnReader::TurnReader(AnswerForm form, bool has_tools, const Redactor& redactor)
    : form_(form), has_tools_(has_tools), redactor_(redactor) {}

void TurnReader::begin_answer(AnswerWriter& writer) {
    writer_ = &writer;
    state_ = TurnState::kRunning;
    has_content_ = false;
    has_tool_calls_ = false;
    is_refused_ = false;
    finish_reason_ = "stop";
    error_.reset();
    facts_ = FailureFacts();
    block_ = Block::kNone;
    held_output_.clear();
    has_usage_ = false;
    earlier_messages_ = CliUsage();
    this_message_ = CliUsage();
}

TurnState TurnReader::take(const CliRecord& record) {
    if (state_ == TurnState::kRunning && writer_ != nullptr) state_ = read(record);
    return state_;
}

Error TurnReader::error_of(const ProcessEnd& end) const { return error_of_end(end, redactor_); }

std::optional<Usage> TurnReader::usage() const noexcept {
    if (!has_usage_) return std::nullopt;
    CliUsage sum = earlier_messages_;
    add(sum, this_message_);
    Usage usage;
    usage.prompt_tokens = sum.input_tokens + sum.cache_creation_tokens + sum.cache_read_tokens;
    usage.completion_tokens = sum.output_tokens;
    usage.cached_tokens = sum.cache_read_tokens;
    return usage;
}

TurnState TurnReader::read(const CliRecord& record) {
    switch (record.kind) {
        case RecordKind::kTextDelta:
        case RecordKind::kThinkingDelta: add_text(record); break;
        case RecordKind::kToolUseStart: begin_tool(record); break;
        case RecordKind::kToolInputDelta: add_tool_input(record); break;
        case RecordKind::kBlockStop: end_block(record); break;
        case RecordKind::kMessageStart: begin_message(record); break;
        case RecordKind::kMessageDelta: return take_message_delta(record);
        case RecordKind::kMessageStop: return finish_reason_ == "tool_calls" ? TurnState::kToolCalls : state_;
        case RecordKind::kSyntheticReply:
            facts_.error = record.error;
            facts_.text = record.text;
            break;
        case RecordKind::kRetry:
            // The program would try ten times what cannot succeed.
            if (record.api_status == 401) {
                facts_.api_status = record.api_status;
                facts_.error = record.error;
                return fail(error_of_failure(facts_, redactor_));
            }
            break;
        case RecordKind::kRateLimit:
            if (record.is_error && now_s_ != 0 && record.resets_at_unix_s > now_s_) {
                facts_.retry_after_s = record.resets_at_unix_s - now_s_;
            }
            break;
        case RecordKind::kResult: return take_result(record);
        default: break;
    }
    return state_;
}

void TurnReader::add_text(const CliRecord& record) {
    if (record.text.empty()) return;
    if (record.kind == RecordKind::kThinkingDelta) {
        has_content_ = true;
        writer_->add_reasoning(record.text);
    } else if (form_ == AnswerForm::kText) {
        has_content_ = true;
        writer_->add_text(record.text);
    }
}

void TurnReader::begin_tool(const CliRecord& record) {
    block_ = Block::kNone;
    block_index_ = record.block_index;
    if (form_ == AnswerForm::kJsonSchema && record.tool_name == kStructuredOutputTool) {
        block_ = Block::kStructuredOutput;
        held_output_.clear();
    } else if (has_tools_ && record.tool_name.starts_with(kClientToolPrefix)) {
        block_ = Block::kClientTool;
        has_tool_calls_ = true;
        has_content_ = true;
        has_arguments_ = false;
        writer_->begin_tool_call(record.tool_id, record.tool_name.substr(kClientToolPrefix.size()));
    }
}

void TurnReader::add_tool_input(const CliRecord& record) {
    if (record.block_index != block_index_ || record.text.empty()) return;
    if (block_ == Block::kClientTool) {
        has_arguments_ = true;
        writer_->add_tool_arguments(record.text);
    } else if (block_ == Block::kStructuredOutput) {
        // The program judges the output only after the block has ended, and has the model repeat what does not satisfy
        // the schema. What a client was sent cannot be taken back.
        held_output_ += record.text;
    }
}

void TurnReader::end_block(const CliRecord& record) {
    if (record.block_index != block_index_) return;
    // A call without arguments has no input deltas, but clients parse its arguments.
    if (block_ == Block::kClientTool && !has_arguments_) writer_->add_tool_arguments("{}");
    block_ = Block::kNone;
}

void TurnReader::begin_message(const CliRecord& record) {
    add(earlier_messages_, this_message_);
    this_message_ = record.usage.value_or(CliUsage());
    has_usage_ = has_usage_ || record.usage.has_value();
    block_ = Block::kNone;
    held_output_.clear();
}

TurnState TurnReader::take_message_delta(const CliRecord& record) {
    if (record.usage) {
        update(this_message_, *record.usage);
        has_usage_ = true;
    }
    if (record.stop_reason == "max_tokens") {
        finish_reason_ = "length";
        if (!held_output_.empty()) {
            has_content_ = true;
            writer_->add_text(held_output_);
        }
        return TurnState::kLength;
    }
    is_refused_ = record.stop_reason == "refusal";
    if (record.stop_reason == "tool_use" && has_tool_calls_) finish_reason_ = "tool_calls";
    return state_;
}

TurnState TurnReader::take_result(const CliRecord& record) {
    if (!has_usage_ && record.usage) {
        this_message_ = *record.usage;
        has_usage_ = true;
    }
    // The program calls a refusal an error. To a client that has read its beginning it is an answer.
    if (has_content_ && (is_refused_ || record.stop_reason == "refusal")) {
        finish_reason_ = "content_filter";
        return TurnState::kDone;
    }
    if (record.is_error) {
        if (record.api_status != 0) facts_.api_status = record.api_status;
        if (!record.text.empty()) facts_.text = record.text;
        return fail(error_of_failure(facts_, redactor_));
    }
    finish_reason_ = "stop";
    return form_ == AnswerForm::kText ? TurnState::kDone : take_structured_output(record.structured_output);
}

TurnState TurnReader::take_structured_output(std::string_view json) {
    if (json.empty()) {
        return fail(Error("backend_error", "The model gave no answer that satisfies the schema of response_format."));
    }
    has_content_ = true;
    writer_->add_text(json);
    return TurnState::kDone;
}

TurnState TurnReader::fail(Error error) {
    error_ = std::move(error);
    return TurnState::kFailed;
}

}  // namespace sluice::claude_code
