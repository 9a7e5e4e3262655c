#pragma once

#include "config/json_value.hpp"

#include <string>

namespace sluice::config {

/// The part of a JSON Schema that speaks of one value. Follows `properties`, `additionalProperties`, `items` and
/// local `$ref`; what stands below other keywords (`anyOf`, `patternProperties`, …) is not looked into.
class SchemaNode {
public:
    SchemaNode() = default;
    /// The top of a schema.
    explicit SchemaNode(const JsonObject& schema);

    /// False: nothing is known of this value.
    bool is_known() const { return !node_.isNull(); }
    /// The schema's own keywords; null when nothing is known.
    const JsonObject& keywords() const { return node_; }
    /// Whether the value may not be shown (`"x-secret": true`).
    bool is_secret() const;
    /// Whether `key` is one of the keys the schema names.
    bool names_key(const std::string& key) const;
    /// The schema of the member `key`, or of the item of an array.
    SchemaNode of_key(const std::string& key) const;
    SchemaNode of_items() const;

private:
    SchemaNode(const JsonObject& root, const JsonValue& node);

    JsonObject root_;
    JsonObject node_;
};

}  // namespace sluice::config
