#include "observability/request_record.hpp"

#include "observability/json_text.hpp"
#include "observability/record_text.hpp"
#include "observability/timestamp.hpp"

#include <algorithm>
#include <array>

namespace sluice::observability {
namespace {

constexpr std::array<std::string_view, 8> kHookVerdictWords{"",        "continue",    "reply", "refuse",
                                                            "pending", "quarantined", "end",   "fail"};

void append_attempt_json(const AttemptRecord& attempt, std::string& out) {
    out += R"({"target":)";
    append_json_string(out, attempt.target);
    append_text_member(out, R"(,"model":)", attempt.model);
    append_text_member(out, R"(,"outcome":)", attempt.outcome);
    append_number_member(out, R"(,"status":)", attempt.status);
    append_milliseconds_member(out, R"(,"started_ms":)", attempt.started);
    append_milliseconds_member(out, R"(,"duration_ms":)", attempt.duration);
    if (attempt.first_byte) append_milliseconds_member(out, R"(,"first_byte_ms":)", *attempt.first_byte);
    append_text_member(out, R"(,"reason":)", attempt.reason);
    out += attempt.is_answer ? R"(,"is_answer":true})" : R"(,"is_answer":false})";
}

void append_verdict_json(const VerdictRecord& verdict, std::string& out) {
    out += R"({"name":)";
    append_json_string(out, verdict.name);
    append_text_member(out, R"(,"head":)", hook_verdict_word(verdict.head));
    append_text_member(out, R"(,"request":)", hook_verdict_word(verdict.request));
    append_text_member(out, R"(,"answer":)", hook_verdict_word(verdict.answer));
    if (verdict.waited.count() > 0) append_milliseconds_member(out, R"(,"waited_ms":)", verdict.waited);
    out += '}';
}

template <class Record>
void append_list(std::string& out, std::string_view key, std::span<const Record> records,
                 void (*append)(const Record&, std::string&)) {
    out += key;
    out += '[';
    for (const Record& record : records) {
        if (&record != records.data()) out += ',';
        append(record, out);
    }
    out += ']';
}

void append_span(std::string& out, std::string_view before, std::chrono::nanoseconds duration) {
    append_milliseconds_member(out, before, duration);
    out += " ms";
}

void append_usage_text(const RequestRecord& record, std::string& out) {
    if (!record.prompt_tokens && !record.completion_tokens) return;
    append_number_member(out, "  tokens: ", record.prompt_tokens.value_or(0));
    append_number_member(out, " prompt, ", record.completion_tokens.value_or(0));
    out += record.is_usage_estimated ? " completion, estimated\n" : " completion\n";
}

void append_verdict_text(const VerdictRecord& verdict, std::string& out) {
    append_word(out, "  middleware ", verdict.name);
    append_word(out, ": head ", hook_verdict_word(verdict.head));
    append_word(out, verdict.head == HookVerdict::kNone ? ": request " : ", request ",
                hook_verdict_word(verdict.request));
    append_word(out, ", answer ", hook_verdict_word(verdict.answer));
    if (verdict.waited.count() > 0) append_span(out, ", waited ", verdict.waited);
    out += '\n';
}

void append_attempt_text(const AttemptRecord& attempt, std::size_t number, std::string& out) {
    append_number_member(out, "  attempt ", number);
    append_word(out, " (", attempt.reason);
    append_word(out, attempt.reason.empty() ? ": " : "): ", attempt.target);
    append_word(out, ", model ", attempt.model);
    append_word(out, ", ", attempt.outcome);
    if (attempt.status != 0) append_number_member(out, ", status ", attempt.status);
    append_span(out, ", began at ", attempt.started);
    append_span(out, ", took ", attempt.duration);
    if (attempt.first_byte) append_span(out, ", first byte after ", *attempt.first_byte);
    out += attempt.is_answer ? ", its answer went to the client\n" : "\n";
}

}  // namespace

std::string_view hook_verdict_word(HookVerdict verdict) noexcept {
    return kHookVerdictWords[static_cast<std::size_t>(verdict)];
}

std::string_view logged_path(std::string_view path) noexcept {
    // Queries may hold keys; long paths would make long lines.
    return path.substr(0, std::min(path.find('?'), kMaxLoggedPathBytes));
}

void append_request_json(const RequestRecord& record, std::string& out) {
    out += R"({"time":")";
    append_timestamp(out, record.time);
    out += '"';
    append_text_member(out, R"(,"request_id":)", record.request_id);
    append_number_member(out, R"(,"generation":)", record.generation);
    append_text_member(out, R"(,"route":)", record.route);
    append_text_member(out, R"(,"backend_mode":)", record.backend_mode);
    append_text_member(out, R"(,"method":)", record.method);
    append_text_member(out, R"(,"path":)", logged_path(record.path));
    append_text_member(out, R"(,"model":)", record.model);
    append_text_member(out, R"(,"key":)", record.masked_key);
    append_text_member(out, R"(,"session_id":)", record.session_id);
    append_number_member(out, R"(,"status":)", record.status);
    append_text_member(out, R"(,"error_code":)", record.error_code);
    append_text_member(out, R"(,"ended_by":)", record.ended_by);
    append_text_member(out, R"(,"phase":)", record.phase);
    append_milliseconds_member(out, R"(,"duration_ms":)", record.duration);
    if (record.first_byte) append_milliseconds_member(out, R"(,"first_byte_ms":)", *record.first_byte);
    append_number_member(out, R"(,"bytes_in":)", record.bytes_in);
    append_number_member(out, R"(,"bytes_out":)", record.bytes_out);
    if (record.prompt_tokens) append_number_member(out, R"(,"prompt_tokens":)", *record.prompt_tokens);
    if (record.completion_tokens) append_number_member(out, R"(,"completion_tokens":)", *record.completion_tokens);
    if (record.is_usage_estimated) out += R"(,"is_usage_estimated":true)";
    append_list(out, R"(,"middleware":)", record.verdicts, append_verdict_json);
    append_number_member(out, R"(,"attempt_count":)", record.attempt_count);
    append_list(out, R"(,"attempts":)", record.attempts, append_attempt_json);
    out += '}';
}

void append_request_text(const RequestRecord& record, std::string& out) {
    append_word(out, "request ", record.request_id);
    append_word(out, ": ", record.method);
    append_word(out, " ", logged_path(record.path));
    append_word(out, ", model ", record.model);
    out += "\n  ended ";
    append_timestamp(out, record.time);
    append_word(out, " by ", record.ended_by);
    append_word(out, " in phase ", record.phase);
    append_span(out, ", after ", record.duration);
    append_number_member(out, "\n  status ", record.status);
    append_word(out, ", error ", record.error_code);
    if (record.first_byte) append_span(out, ", first byte after ", *record.first_byte);
    append_number_member(out, ", bytes in ", record.bytes_in);
    append_number_member(out, ", bytes out ", record.bytes_out);
    append_number_member(out, "\n  generation ", record.generation);
    append_word(out, ", route ", record.route);
    append_word(out, ", backend mode ", record.backend_mode);
    append_word(out, ", key ", record.masked_key);
    append_word(out, ", session ", record.session_id);
    out += '\n';
    append_usage_text(record, out);
    for (const VerdictRecord& verdict : record.verdicts) append_verdict_text(verdict, out);
    std::size_t number = 0;
    for (const AttemptRecord& attempt : record.attempts) append_attempt_text(attempt, ++number, out);
    if (record.attempt_count > number) {
        append_number_member(out, "  and further attempts: ", record.attempt_count - number);
        out += '\n';
    }
}

}  // namespace sluice::observability
