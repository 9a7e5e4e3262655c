#include <simdjson.h>
#include <sluice/cpp/json_text.hpp>

#include "session/session_store.hpp"

namespace sluice::claude_code {
namespace {

void append_member(std::string& json, std::string_view name, std::string_view value) {
    json += json.size() > 1 ? "," : "";
    append_json_string(json, name);
    json += ':';
    append_json_string(json, value);
}

void append_member(std::string& json, std::string_view name, std::chrono::milliseconds value) {
    json += ',';
    append_json_string(json, name);
    json += ':';
    json += std::to_string(value.count());
}

bool read(simdjson::dom::object root, const char* key, std::string& value) {
    std::string_view text;
    if (root[key].get(text) != simdjson::SUCCESS) return false;
    value = text;
    return true;
}

bool read(simdjson::dom::object root, const char* key, std::chrono::milliseconds& value) {
    std::int64_t number = 0;
    if (root[key].get(number) != simdjson::SUCCESS) return false;
    value = std::chrono::milliseconds(number);
    return true;
}

}  // namespace

std::string encode(const SessionRecord& record) {
    std::string json = "{";
    append_member(json, "id", record.id);
    append_member(json, "owner", record.owner);
    append_member(json, "model", record.model);
    append_member(json, "system_prompt", record.system_prompt);
    append_member(json, "created_unix_ms", record.created);
    append_member(json, "last_used_unix_ms", record.last_used);
    json += '}';
    return json;
}

std::optional<SessionRecord> decode(std::string_view text) {
    simdjson::dom::parser parser;
    simdjson::dom::object root;
    const simdjson::padded_string padded(text);
    if (parser.parse(padded).get(root) != simdjson::SUCCESS) return std::nullopt;
    SessionRecord record;
    const bool is_complete = read(root, "id", record.id) && read(root, "owner", record.owner) &&
                             read(root, "model", record.model) && read(root, "system_prompt", record.system_prompt) &&
                             read(root, "created_unix_ms", record.created) &&
                             read(root, "last_used_unix_ms", record.last_used);
    return is_complete ? std::optional(std::move(record)) : std::nullopt;
}

}  // namespace sluice::claude_code
