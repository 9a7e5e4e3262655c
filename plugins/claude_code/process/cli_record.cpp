#include "process/cli_record.hpp"

#include <simdjson.h>

#include <limits>
#include <string>

#include "process/delta_line.hpp"
#include "process/lone_surrogates.hpp"

namespace sluice::claude_code {

namespace {

using simdjson::dom::element;
using simdjson::dom::object;

static_assert(CliRecordReader::kPadding >= simdjson::SIMDJSON_PADDING);

std::string_view text_of(const object& from, std::string_view name) {
    std::string_view text;
    return from[name].get(text) == simdjson::SUCCESS ? text : std::string_view();
}

std::uint64_t number_of(const object& from, std::string_view name) {
    std::uint64_t number = 0;
    return from[name].get(number) == simdjson::SUCCESS ? number : 0;
}

object object_of(const object& from, std::string_view name, bool& is_there) {
    object found;
    is_there = from[name].get(found) == simdjson::SUCCESS;
    return found;
}

std::int32_t status_of(const object& from, std::string_view name) {
    const std::uint64_t status = number_of(from, name);
    return status <= 999 ? static_cast<std::int32_t>(status) : 0;
}

std::uint32_t index_of(const object& event) {
    const std::uint64_t index = number_of(event, "index");
    constexpr std::uint64_t kHighest = std::numeric_limits<std::uint32_t>::max();
    return static_cast<std::uint32_t>(index < kHighest ? index : kHighest);
}

std::optional<CliUsage> usage_of(const object& from) {
    bool is_there = false;
    const object usage = object_of(from, "usage", is_there);
    if (!is_there) return std::nullopt;
    return CliUsage{number_of(usage, "input_tokens"), number_of(usage, "cache_creation_input_tokens"),
                    number_of(usage, "cache_read_input_tokens"), number_of(usage, "output_tokens")};
}

void read_block_start(const object& event, CliRecord& record) {
    bool is_there = false;
    const object block = object_of(event, "content_block", is_there);
    if (!is_there || text_of(block, "type") != "tool_use") return;
    record.kind = RecordKind::kToolUseStart;
    record.block_index = index_of(event);
    record.tool_id = text_of(block, "id");
    record.tool_name = text_of(block, "name");
}

void read_block_delta(const object& event, CliRecord& record) {
    bool is_there = false;
    const object delta = object_of(event, "delta", is_there);
    if (!is_there) return;
    const std::string_view type = text_of(delta, "type");
    if (type == "text_delta") {
        record.kind = RecordKind::kTextDelta;
        record.text = text_of(delta, "text");
    } else if (type == "thinking_delta") {
        record.kind = RecordKind::kThinkingDelta;
        record.text = text_of(delta, "thinking");
    } else if (type == "input_json_delta") {
        record.kind = RecordKind::kToolInputDelta;
        record.text = text_of(delta, "partial_json");
    } else {
        return;
    }
    record.block_index = index_of(event);
}

void read_message_event(const object& event, std::string_view type, CliRecord& record) {
    bool is_there = false;
    if (type == "message_start") {
        record.kind = RecordKind::kMessageStart;
        const object message = object_of(event, "message", is_there);
        if (is_there) record.usage = usage_of(message);
    } else if (type == "message_delta") {
        record.kind = RecordKind::kMessageDelta;
        record.usage = usage_of(event);
        const object delta = object_of(event, "delta", is_there);
        if (is_there) record.stop_reason = text_of(delta, "stop_reason");
    } else if (type == "message_stop") {
        record.kind = RecordKind::kMessageStop;
    }
}

void read_stream_event(const object& line, CliRecord& record) {
    bool is_there = false;
    const object event = object_of(line, "event", is_there);
    if (!is_there) return;
    const std::string_view type = text_of(event, "type");
    if (type == "content_block_delta") return read_block_delta(event, record);
    if (type == "content_block_start") return read_block_start(event, record);
    if (type == "content_block_stop") {
        record.kind = RecordKind::kBlockStop;
        record.block_index = index_of(event);
        return;
    }
    read_message_event(event, type, record);
}

void read_assistant(const object& line, CliRecord& record) {
    bool is_there = false;
    const object message = object_of(line, "message", is_there);
    if (!is_there || text_of(message, "model") != "<synthetic>") return;
    record.kind = RecordKind::kSyntheticReply;
    record.error = text_of(line, "error");
    object first;
    if (message["content"].at(0).get(first) == simdjson::SUCCESS) record.text = text_of(first, "text");
}

void read_system(const object& line, CliRecord& record) {
    const std::string_view subtype = text_of(line, "subtype");
    if (subtype == "init") {
        record.kind = RecordKind::kInit;
    } else if (subtype == "api_retry") {
        record.kind = RecordKind::kRetry;
        record.api_status = status_of(line, "error_status");
        record.error = text_of(line, "error");
    }
}

void read_rate_limit(const object& line, CliRecord& record) {
    record.kind = RecordKind::kRateLimit;
    bool is_there = false;
    const object limit = object_of(line, "rate_limit_info", is_there);
    if (!is_there) return;
    record.is_error = text_of(limit, "status") == "rejected";
    record.resets_at_unix_s = number_of(limit, "resetsAt");
}

void read_result(const object& line, CliRecord& record) {
    record.kind = RecordKind::kResult;
    record.subtype = text_of(line, "subtype");
    if (line["is_error"].get(record.is_error) != simdjson::SUCCESS) record.is_error = false;
    record.api_status = status_of(line, "api_error_status");
    record.stop_reason = text_of(line, "stop_reason");
    record.usage = usage_of(line);
    if (line["result"].get(record.text) == simdjson::SUCCESS) return;
    std::string_view first;
    if (line["errors"].at(0).get(first) == simdjson::SUCCESS) record.text = first;
}

void read_control_response(const object& line, CliRecord& record) {
    record.kind = RecordKind::kControlResponse;
    bool is_there = false;
    const object response = object_of(line, "response", is_there);
    if (!is_there) return;
    record.request_id = text_of(response, "request_id");
    record.is_error = text_of(response, "subtype") != "success";
    record.text = text_of(response, "error");
}

void read_control_request(const object& line, CliRecord& record) {
    record.kind = RecordKind::kControlRequest;
    record.request_id = text_of(line, "request_id");
    bool is_there = false;
    const object request = object_of(line, "request", is_there);
    if (!is_there) return;
    record.subtype = text_of(request, "subtype");
    if (record.subtype == "mcp_message") record.kind = RecordKind::kToolChannel;
}

void read_line(const object& line, CliRecord& record) {
    const std::string_view type = text_of(line, "type");
    if (type == "stream_event") return read_stream_event(line, record);
    if (type == "assistant") return read_assistant(line, record);
    if (type == "system") return read_system(line, record);
    if (type == "result") return read_result(line, record);
    if (type == "control_request") return read_control_request(line, record);
    if (type == "control_response") return read_control_response(line, record);
    if (type == "rate_limit_event") read_rate_limit(line, record);
}

simdjson::simdjson_result<std::string_view> raw_text(simdjson::ondemand::value& value) {
    simdjson::ondemand::json_type type{};
    if (const auto problem = value.type().get(type)) return problem;
    if (type == simdjson::ondemand::json_type::object) {
        simdjson::ondemand::object found;
        if (const auto problem = value.get_object().get(found)) return problem;
        return found.raw_json();
    }
    if (type == simdjson::ondemand::json_type::array) {
        simdjson::ondemand::array found;
        if (const auto problem = value.get_array().get(found)) return problem;
        return found.raw_json();
    }
    return value.raw_json_token();
}

// The parser's raw text goes on to the next token.
std::string_view without_blanks_behind(std::string_view text) noexcept {
    while (!text.empty() && std::string_view(" \t\r\n").find(text.back()) != std::string_view::npos) {
        text.remove_suffix(1);
    }
    return text;
}

}  // namespace

struct CliRecordReader::Parser {
    simdjson::dom::parser whole;
    // Values that are handed on as they were written.
    simdjson::ondemand::parser raw;
    std::string unescaped;
    std::string repaired;

    CliRecord read(std::string_view line);
    std::string_view raw_value(std::string_view line, std::string_view outer, std::string_view name);
};

CliRecord CliRecordReader::Parser::read(std::string_view line) {
    CliRecord record;
    if (read_delta_line(line, unescaped, record)) return record;
    element root;
    auto problem = whole.parse(line.data(), line.size(), false).get(root);
    if (problem == simdjson::STRING_ERROR && replace_lone_surrogates(line, repaired)) {
        repaired.append(kPadding, '\0');
        line = std::string_view(repaired).substr(0, repaired.size() - kPadding);
        problem = whole.parse(line.data(), line.size(), false).get(root);
    }
    object members;
    if (problem != simdjson::SUCCESS || root.get(members) != simdjson::SUCCESS) {
        record.kind = RecordKind::kMalformed;
        return record;
    }
    read_line(members, record);
    if (record.kind == RecordKind::kToolChannel) record.message = raw_value(line, "request", "message");
    if (record.kind == RecordKind::kControlResponse) record.message = raw_value(line, "response", "response");
    if (record.kind == RecordKind::kResult) record.structured_output = raw_value(line, "", "structured_output");
    return record;
}

// The line is known to be a right one.
std::string_view CliRecordReader::Parser::raw_value(std::string_view line, std::string_view outer,
                                                    std::string_view name) {
    simdjson::ondemand::document document;
    if (raw.iterate(line.data(), line.size(), line.size() + kPadding).get(document) != simdjson::SUCCESS) return {};
    simdjson::ondemand::object members;
    if (document.get_object().get(members) != simdjson::SUCCESS) return {};
    if (!outer.empty()) {
        simdjson::ondemand::object inner;
        if (members[outer].get_object().get(inner) != simdjson::SUCCESS) return {};
        members = inner;
    }
    simdjson::ondemand::value value;
    std::string_view text;
    if (members[name].get(value) != simdjson::SUCCESS || raw_text(value).get(text) != simdjson::SUCCESS) return {};
    text = without_blanks_behind(text);
    return text == "null" ? std::string_view() : text;
}

CliRecordReader::CliRecordReader() : parser_(std::make_unique<Parser>()) {}
CliRecordReader::~CliRecordReader() = default;
CliRecordReader::CliRecordReader(CliRecordReader&&) noexcept = default;
CliRecordReader& CliRecordReader::operator=(CliRecordReader&&) noexcept = default;

CliRecord CliRecordReader::read(std::string_view line) { return parser_->read(line); }

}  // namespace sluice::claude_code
