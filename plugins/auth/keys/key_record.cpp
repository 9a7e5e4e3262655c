#include "keys/key_record.hpp"

#include <simdjson.h>

#include "keys/limits_json.hpp"
#include "sluice/cpp/json_text.hpp"

namespace sluice::auth {
namespace {

using simdjson::dom::object;

class ObjectText {
public:
    void add_json(std::string_view name, std::string_view json) {
        text_ += text_.empty() ? '{' : ',';
        append_json_string(text_, name);
        text_ += ':';
        text_ += json;
    }
    void add(std::string_view name, std::string_view value) {
        std::string json;
        append_json_string(json, value);
        add_json(name, json);
    }
    void add(std::string_view name, std::chrono::milliseconds time) { add_json(name, std::to_string(time.count())); }
    void add(std::string_view name, const std::vector<std::string>& list) {
        std::string json = "[";
        for (const std::string& entry : list) {
            json += json.size() > 1 ? "," : "";
            append_json_string(json, entry);
        }
        add_json(name, json + "]");
    }
    std::string finish() const { return text_.empty() ? "{}" : text_ + "}"; }

private:
    std::string text_;
};

std::string text_member(object from, const char* name) {
    std::string_view value;
    return from[name].get(value) == simdjson::SUCCESS ? std::string(value) : std::string();
}

std::chrono::milliseconds time_member(object from, const char* name) {
    std::int64_t value = 0;
    return std::chrono::milliseconds(from[name].get(value) == simdjson::SUCCESS ? value : 0);
}

// False if there is a list that is not one of texts: a restriction that cannot be read must not count as none.
bool read_list(object from, const char* name, std::vector<std::string>& list) {
    simdjson::dom::element member;
    if (from[name].get(member) != simdjson::SUCCESS) return true;
    simdjson::dom::array entries;
    if (member.get(entries) != simdjson::SUCCESS) return false;
    for (const auto entry : entries) {
        std::string_view text;
        if (entry.get(text) != simdjson::SUCCESS) return false;
        list.emplace_back(text);
    }
    return true;
}

}  // namespace

std::string KeyRecord::to_json() const {
    ObjectText text;
    text.add("id", id);
    text.add("owner", owner);
    text.add("name", name);
    text.add("masked", masked);
    text.add("created", created);
    text.add("expires", expires);
    text.add("revoked", revoked);
    text.add("models", models);
    text.add("routes", routes);
    text.add_json("limits", limits_json(limits));
    ObjectText label_text;
    for (const auto& [label, value] : labels) label_text.add(label, value);
    text.add_json("labels", label_text.finish());
    text.add_json("metadata", metadata.empty() ? "null" : metadata);
    if (budget.empty()) {
        text.add_json("budget", "null");
    } else {
        text.add("budget", budget);
    }
    if (!successor.empty()) text.add("successor", successor);
    return text.finish();
}

std::optional<KeyRecord> KeyRecord::parse(std::string_view json) {
    simdjson::dom::parser parser;
    object root;
    const simdjson::padded_string padded(json);
    if (parser.parse(padded).get(root) != simdjson::SUCCESS) return std::nullopt;
    KeyRecord record;
    record.id = text_member(root, "id");
    record.owner = text_member(root, "owner");
    record.name = text_member(root, "name");
    record.masked = text_member(root, "masked");
    record.created = time_member(root, "created");
    record.expires = time_member(root, "expires");
    record.revoked = time_member(root, "revoked");
    record.budget = text_member(root, "budget");
    record.successor = text_member(root, "successor");
    if (record.id.empty() || record.owner.empty()) return std::nullopt;
    if (!read_list(root, "models", record.models) || !read_list(root, "routes", record.routes)) return std::nullopt;
    object member;
    if (root["limits"].get(member) == simdjson::SUCCESS) record.limits = read_limits(member);
    if (root["metadata"].get(member) == simdjson::SUCCESS) record.metadata = simdjson::minify(member);
    if (root["labels"].get(member) == simdjson::SUCCESS) {
        for (const auto [label, value] : member) {
            std::string_view text;
            if (value.get(text) == simdjson::SUCCESS) record.labels.emplace(label, text);
        }
    }
    return record;
}

std::shared_ptr<const KnownKey> KeyRecord::to_known_key() const {
    auto key = std::make_shared<KnownKey>();
    key->owner = owner;
    key->masked = masked;
    key->limits = limits.text();
    key->models = models;
    key->routes = routes;
    key->visible_models = joined_patterns(models);
    key->expires = expires;
    key->revoked = revoked;
    return key;
}

std::string joined_patterns(const std::vector<std::string>& patterns) {
    std::string joined;
    for (const std::string& pattern : patterns) joined += (joined.empty() ? "" : ",") + pattern;
    return joined;
}

bool is_json_object(std::string_view text) {
    simdjson::dom::parser parser;
    object root;
    const simdjson::padded_string padded(text);
    return parser.parse(padded).get(root) == simdjson::SUCCESS;
}

}  // namespace sluice::auth
