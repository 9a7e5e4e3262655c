#include "config/document.hpp"

#include "config/document_path.hpp"
#include "config/interpolation.hpp"
#include "config/utf8.hpp"
#include "config/yaml_scalar.hpp"
#include "config/yaml_tree.hpp"

#include <map>

namespace sluice::config {
namespace {

/// Turns a YAML tree into JSON values, path by path.
class DocumentBuilder {
public:
    DocumentBuilder(const Environment& environment, Document& document)
        : environment_(environment), document_(document) {}

    JsonValue convert(const YamlNode& node, const std::string& path) {
        if (!has_usable_tag(node)) {
            return fail(path, "found the tag " + node.tag + ", expected none (or !!str for a string)");
        }
        switch (node.kind) {
            case YamlNode::Kind::kNull: return {};
            case YamlNode::Kind::kScalar: return convert_scalar(node, path);
            case YamlNode::Kind::kSequence: return convert_sequence(node, path);
            case YamlNode::Kind::kMapping: return convert_mapping(node, path);
        }
        return {};
    }

private:
    static bool has_usable_tag(const YamlNode& node) {
        if (node.tag.empty()) return true;
        const std::string core = "tag:yaml.org,2002:";
        switch (node.kind) {
            case YamlNode::Kind::kScalar: return node.tag == core + "str";
            case YamlNode::Kind::kSequence: return node.tag == core + "seq";
            case YamlNode::Kind::kMapping: return node.tag == core + "map";
            case YamlNode::Kind::kNull: return false;
        }
        return false;
    }

    JsonValue fail(const std::string& path, const std::string& message) {
        document_.problems.push_back({path, message});
        return {};
    }

    JsonValue convert_scalar(const YamlNode& node, const std::string& path) {
        if (!is_text(node.text)) return fail(path, "found text with a NUL or bytes that are not UTF-8");
        const Interpolation taken = interpolate(node.text, environment_);
        for (const std::string& problem : taken.problems) fail(path, problem);
        if (!taken.problems.empty()) return {};
        if (!taken.variables.empty()) document_.origins[path] = variable_list(taken.variables);
        // A reference that gives nothing means the empty string: `state_dir: ${DIR:-}` has a value, and it is empty.
        if (!node.is_plain || taken.text.empty()) return taken.text;
        const ScalarValue scalar = read_plain_scalar(taken.text);
        return scalar.problem.empty() ? scalar.value : fail(path, scalar.problem);
    }

    JsonValue convert_sequence(const YamlNode& node, const std::string& path) {
        JsonArray array = new Poco::JSON::Array;
        for (const YamlNodePtr& item : node.items) array->add(convert(*item, path_of_index(path, array->size())));
        return array;
    }

    JsonValue convert_mapping(const YamlNode& node, const std::string& path) {
        JsonObject object = make_object();
        std::map<std::string, std::size_t> lines;
        for (const auto& [key, value] : node.members) {
            if (key->kind != YamlNode::Kind::kScalar || key->text.empty() || !is_text(key->text)) {
                fail(path, "line " + std::to_string(key->line) + ": found a key that is not plain text");
                continue;
            }
            const std::string member_path = path_of_key(path, key->text);
            const auto [first, is_new] = lines.emplace(key->text, key->line);
            if (!is_new) {
                fail(member_path, "found twice (lines " + std::to_string(first->second) + " and " +
                                      std::to_string(key->line) + "), expected once");
                continue;
            }
            object->set(key->text, convert(*value, member_path));
        }
        return object;
    }

    const Environment& environment_;
    Document& document_;
};

}  // namespace

Document read_document(std::string_view text, const Environment& environment) {
    Document document;
    const YamlTree tree = read_yaml(text);
    if (tree.root == nullptr) {
        document.problems.push_back({"", tree.problem});
        return document;
    }
    document.root = DocumentBuilder(environment, document).convert(*tree.root, "");
    return document;
}

}  // namespace sluice::config
