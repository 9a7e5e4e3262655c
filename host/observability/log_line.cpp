#include "observability/log_line.hpp"

#include "observability/json_text.hpp"
#include "observability/timestamp.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

namespace sluice::observability {
namespace {

class ValueWriter {
public:
    ValueWriter(std::string& out, LogFormat format) : out_(out), format_(format) {}

    void operator()(std::string_view text) const { append_json_string(out_, text); }
    void operator()(bool truth) const { out_ += truth ? "true" : "false"; }
    void operator()(double number) const {
        if (std::isfinite(number)) {
            fmt::format_to(std::back_inserter(out_), "{}", number);
        } else {
            // JSON has no number for these.
            out_ += format_ == LogFormat::kJson ? "null" : "nan";
        }
    }
    template <class Integer>
    void operator()(Integer number) const {
        const fmt::format_int text(number);
        out_.append(text.data(), text.size());
    }

private:
    std::string& out_;
    LogFormat format_;
};

void append_json(const LogLine& line, std::string& out) {
    out += R"({"time":")";
    append_timestamp(out, line.time);
    out += R"(","level":")";
    out += log_level_name(line.level);
    out += R"(","event":)";
    append_json_string(out, line.event);
    if (!line.message.empty()) {
        out += R"(,"message":)";
        append_json_string(out, line.message);
    }
    for (const LogField& field : line.fields) {
        out += ',';
        append_json_string(out, field.name);
        out += ':';
        std::visit(ValueWriter(out, LogFormat::kJson), field.value.get());
    }
    out += "}\n";
}

void append_pretty(const LogLine& line, std::string& out) {
    append_timestamp(out, line.time);
    fmt::format_to(std::back_inserter(out), " {:<5} ", log_level_name(line.level));
    append_plain_text(out, line.event);
    if (!line.message.empty()) {
        out += ": ";
        append_plain_text(out, line.message);
    }
    for (const LogField& field : line.fields) {
        out += ' ';
        append_plain_text(out, field.name);
        out += '=';
        std::visit(ValueWriter(out, LogFormat::kPretty), field.value.get());
    }
    out += '\n';
}

}  // namespace

void append_log_line(const LogLine& line, LogFormat format, std::string& out) {
    if (format == LogFormat::kJson) {
        append_json(line, out);
    } else {
        append_pretty(line, out);
    }
}

}  // namespace sluice::observability
