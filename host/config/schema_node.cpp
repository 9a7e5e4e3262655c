#include "config/schema_node.hpp"

#include <string_view>

namespace sluice::config {
namespace {

/// Most references followed in a row; a chain that is longer goes in a circle.
constexpr int kMaxReferences = 16;

/// The object at `#/a/b` of the schema; null when there is none. Escapes (`~0`, `~1`, `%25`) are not used in keys.
JsonObject at_pointer(const JsonObject& root, std::string_view reference) {
    if (reference.substr(0, 1) != "#") return {};
    reference.remove_prefix(1);
    JsonObject node = root;
    while (!reference.empty() && !node.isNull()) {
        reference.remove_prefix(1);
        const std::size_t end = std::min(reference.find('/'), reference.size());
        node = as_object(member(node, std::string(reference.substr(0, end))));
        reference.remove_prefix(end);
    }
    return node;
}

}  // namespace

SchemaNode::SchemaNode(const JsonObject& schema) : SchemaNode(schema, JsonValue(schema)) {}

SchemaNode::SchemaNode(const JsonObject& root, const JsonValue& node) : root_(root), node_(as_object(node)) {
    for (int followed = 0; !node_.isNull() && node_->has("$ref"); ++followed) {
        node_ = followed < kMaxReferences ? at_pointer(root_, as_string(node_->get("$ref"))) : JsonObject();
    }
}

bool SchemaNode::is_secret() const {
    const JsonValue mark = member(node_, "x-secret");
    return mark.isBoolean() && mark.extract<bool>();
}

bool SchemaNode::names_key(const std::string& key) const {
    const JsonObject properties = as_object(member(node_, "properties"));
    return !properties.isNull() && properties->has(key);
}

SchemaNode SchemaNode::of_key(const std::string& key) const {
    if (names_key(key)) return {root_, as_object(member(node_, "properties"))->get(key)};
    return {root_, member(node_, "additionalProperties")};
}

SchemaNode SchemaNode::of_items() const { return {root_, member(node_, "items")}; }

}  // namespace sluice::config
