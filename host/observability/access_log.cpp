#include "observability/access_log.hpp"

#include "observability/json_text.hpp"
#include "observability/timestamp.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::observability {
namespace {

std::string_view logged_path(std::string_view path) {
    // Queries may hold keys; long paths would make long lines.
    return path.substr(0, std::min(path.find('?'), kMaxLoggedPathBytes));
}

template <class Integer>
void append_number(std::string& out, Integer number) {
    const fmt::format_int text(number);
    out.append(text.data(), text.size());
}

// Milliseconds with three decimals, without the cost of floating point.
void append_milliseconds(std::string& out, std::chrono::nanoseconds duration) {
    const auto microseconds = std::max<std::int64_t>(duration.count(), 0) / 1000;
    const auto rest = microseconds % 1000;
    append_number(out, microseconds / 1000);
    const char decimals[] = {'.', static_cast<char>('0' + rest / 100), static_cast<char>('0' + rest / 10 % 10),
                             static_cast<char>('0' + rest % 10)};
    out.append(decimals, sizeof decimals);
}

void append_text(std::string& out, std::string_view key, std::string_view text) {
    if (!text.empty()) {
        out += key;
        append_json_string(out, text);
    }
}

template <class Integer>
void append_count(std::string& out, std::string_view key, Integer number) {
    out += key;
    append_number(out, number);
}

void append_json(const AccessRecord& record, std::string& out) {
    out += R"({"time":")";
    append_timestamp(out, record.time);
    out += R"(","level":"info","event":"request")";
    append_text(out, R"(,"request_id":)", record.request_id);
    append_text(out, R"(,"backend_mode":)", record.backend_mode);
    append_text(out, R"(,"route":)", record.route);
    append_text(out, R"(,"method":)", record.method);
    append_text(out, R"(,"path":)", logged_path(record.path));
    append_count(out, R"(,"status":)", record.status);
    out += R"(,"duration_ms":)";
    append_milliseconds(out, record.duration);
    if (record.first_byte) {
        out += R"(,"first_byte_ms":)";
        append_milliseconds(out, *record.first_byte);
    }
    append_text(out, R"(,"key":)", record.masked_key);
    append_text(out, R"(,"session_id":)", record.session_id);
    append_count(out, R"(,"attempts":)", record.attempts);
    append_count(out, R"(,"bytes_in":)", record.bytes_in);
    append_count(out, R"(,"bytes_out":)", record.bytes_out);
    if (record.prompt_tokens) {
        append_count(out, R"(,"prompt_tokens":)", *record.prompt_tokens);
    }
    if (record.completion_tokens) {
        append_count(out, R"(,"completion_tokens":)", *record.completion_tokens);
    }
    append_text(out, R"(,"error_code":)", record.error_code);
    append_text(out, R"(,"ended_by":)", record.ended_by);
    append_text(out, R"(,"phase":)", record.phase);
    out += "}\n";
}

void append_word(std::string& out, std::string_view key, std::string_view text) {
    if (!text.empty()) {
        out += key;
        append_plain_text(out, text);
    }
}

void append_pretty(const AccessRecord& record, std::string& out) {
    append_timestamp(out, record.time);
    out += " info  ";
    append_plain_text(out, record.method);
    append_word(out, " ", logged_path(record.path));
    append_count(out, " ", record.status);
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
    append_count(out, " in=", record.bytes_in);
    append_count(out, " out=", record.bytes_out);
    append_count(out, " attempts=", record.attempts);
    append_word(out, " key=", record.masked_key);
    append_word(out, " session=", record.session_id);
    append_word(out, " error=", record.error_code);
    append_word(out, " ended_by=", record.ended_by);
    append_word(out, " phase=", record.phase);
    append_word(out, " request_id=", record.request_id);
    out += '\n';
}

}  // namespace

void append_access_line(const AccessRecord& record, LogFormat format, std::string& out) {
    if (format == LogFormat::kJson) {
        append_json(record, out);
    } else {
        append_pretty(record, out);
    }
}

}  // namespace sluice::observability
