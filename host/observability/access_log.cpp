#include "observability/access_log.hpp"

#include "observability/json_text.hpp"
#include "observability/record_text.hpp"
#include "observability/timestamp.hpp"

namespace sluice::observability {
namespace {

void append_json(const RequestRecord& record, std::string& out) {
    out += R"({"time":")";
    append_timestamp(out, record.time);
    out += R"(","level":"info","event":"request")";
    append_text_member(out, R"(,"request_id":)", record.request_id);
    append_text_member(out, R"(,"backend_mode":)", record.backend_mode);
    append_text_member(out, R"(,"route":)", record.route);
    append_text_member(out, R"(,"method":)", record.method);
    append_text_member(out, R"(,"path":)", logged_path(record.path));
    append_number_member(out, R"(,"status":)", record.status);
    append_milliseconds_member(out, R"(,"duration_ms":)", record.duration);
    if (record.first_byte) {
        append_milliseconds_member(out, R"(,"first_byte_ms":)", *record.first_byte);
    }
    append_text_member(out, R"(,"key":)", record.masked_key);
    append_text_member(out, R"(,"session_id":)", record.session_id);
    append_number_member(out, R"(,"attempts":)", record.attempt_count);
    append_number_member(out, R"(,"bytes_in":)", record.bytes_in);
    append_number_member(out, R"(,"bytes_out":)", record.bytes_out);
    if (record.prompt_tokens) {
        append_number_member(out, R"(,"prompt_tokens":)", *record.prompt_tokens);
    }
    if (record.completion_tokens) {
        append_number_member(out, R"(,"completion_tokens":)", *record.completion_tokens);
    }
    append_text_member(out, R"(,"error_code":)", record.error_code);
    append_text_member(out, R"(,"ended_by":)", record.ended_by);
    append_text_member(out, R"(,"phase":)", record.phase);
    out += "}\n";
}

void append_pretty(const RequestRecord& record, std::string& out) {
    append_timestamp(out, record.time);
    out += " info  ";
    append_plain_text(out, record.method);
    append_word(out, " ", logged_path(record.path));
    append_number_member(out, " ", record.status);
    out += ' ';
    append_milliseconds(out, record.duration);
    out += "ms";
    append_word(out, " backend=", record.backend_mode);
    append_word(out, " route=", record.route);
    if (record.first_byte) {
        out += " first_byte=";
        append_milliseconds(out, *record.first_byte);
        out += "ms";
    }
    append_number_member(out, " in=", record.bytes_in);
    append_number_member(out, " out=", record.bytes_out);
    append_number_member(out, " attempts=", record.attempt_count);
    append_word(out, " key=", record.masked_key);
    append_word(out, " session=", record.session_id);
    append_word(out, " error=", record.error_code);
    append_word(out, " ended_by=", record.ended_by);
    append_word(out, " phase=", record.phase);
    append_word(out, " request_id=", record.request_id);
    out += '\n';
}

}  // namespace

void append_access_line(const RequestRecord& record, LogFormat format, std::string& out) {
    if (format == LogFormat::kJson) {
        append_json(record, out);
    } else {
        append_pretty(record, out);
    }
}

}  // namespace sluice::observability
