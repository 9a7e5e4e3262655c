#include "config/yaml_tree.hpp"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <stdexcept>

namespace sluice::config {
namespace {

std::size_t line_of(const YAML::Mark& mark) { return static_cast<std::size_t>(mark.line < 0 ? 0 : mark.line) + 1; }

std::string too_deep(std::size_t line) {
    return "line " + std::to_string(line) + ": found more than " + std::to_string(kMaxDocumentDepth) +
           " levels of nesting";
}

/// Builds the tree from yaml-cpp's events. The events are used rather than YAML::Node because a Node hides which
/// keys were given twice, follows aliases without a bound, and treats `yes` and `010` as YAML 1.1 does.
class TreeBuilder : public YAML::EventHandler {
public:
    YamlNodePtr take_root() { return std::move(root_); }
    bool has_root() const { return root_ != nullptr; }

    // YAML::EventHandler
    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        finish(start(YamlNode::Kind::kNull, mark, ""), anchor);
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        const auto found = anchored_.find(anchor);
        if (found == anchored_.end()) {
            throw std::runtime_error("line " + std::to_string(line_of(mark)) +
                                     ": found an alias inside what it stands for");
        }
        place(found->second);
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        auto node = start(YamlNode::Kind::kScalar, mark, tag);
        node->is_plain = tag == "?" || tag.empty();
        node->text = value;
        finish(node, anchor);
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open_.push_back({start(YamlNode::Kind::kSequence, mark, tag), anchor, nullptr});
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        open_.push_back({start(YamlNode::Kind::kMapping, mark, tag), anchor, nullptr});
    }
    void OnMapEnd() override { close(); }

private:
    struct OpenNode {
        std::shared_ptr<YamlNode> node;
        YAML::anchor_t anchor;
        YamlNodePtr key;  ///< of a mapping: the key that waits for its value
    };

    static std::shared_ptr<YamlNode> start(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag) {
        auto node = std::make_shared<YamlNode>();
        node->kind = kind;
        node->tag = tag == "?" || tag == "!" ? "" : tag;
        node->line = line_of(mark);
        return node;
    }

    void close() {
        OpenNode done = std::move(open_.back());
        open_.pop_back();
        finish(done.node, done.anchor);
    }

    void finish(const std::shared_ptr<YamlNode>& node, YAML::anchor_t anchor) {
        if (anchor != 0) anchored_[anchor] = node;
        place(node);
    }

    void place(const YamlNodePtr& node) {
        if (open_.empty()) {
            root_ = node;
            return;
        }
        OpenNode& parent = open_.back();
        count(*parent.node, *node);
        if (parent.node->kind == YamlNode::Kind::kSequence) {
            parent.node->items.push_back(node);
        } else if (parent.key == nullptr) {
            parent.key = node;
        } else {
            parent.node->members.emplace_back(std::move(parent.key), node);
            parent.key = nullptr;
        }
    }

    static void count(YamlNode& parent, const YamlNode& child) {
        parent.height = std::max(parent.height, child.height + 1);
        parent.weight += child.weight;
        if (parent.height > kMaxDocumentDepth) throw std::runtime_error(too_deep(parent.line));
        if (parent.weight > kMaxDocumentNodes) {
            throw std::runtime_error("line " + std::to_string(parent.line) + ": found more than " +
                                     std::to_string(kMaxDocumentNodes) + " values, aliases followed");
        }
    }

    YamlNodePtr root_;
    std::vector<OpenNode> open_;
    std::map<YAML::anchor_t, YamlNodePtr> anchored_;
};

/// A flow collection ends a plain scalar at `{`, so the usual `${NAME}` is a syntax error there: say so.
std::string flow_hint(std::string_view text, int line) {
    for (int at = 0; at < line && !text.empty(); ++at) {
        const std::size_t end = text.find('\n');
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    }
    const bool is_reference = text.substr(0, text.find('\n')).find("${") != std::string_view::npos;
    return is_reference ? " (inside { } and [ ] a ${NAME} must stand in quotes, which make it a string; "
                          "for numbers and booleans write the key on a line of its own)"
                        : "";
}

YamlNodePtr read_single_document(const std::string& text) {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    TreeBuilder builder;
    if (!parser.HandleNextDocument(builder) || !builder.has_root()) return std::make_shared<YamlNode>();
    TreeBuilder rest;
    if (parser.HandleNextDocument(rest)) throw std::runtime_error("found more than one document, expected one");
    return builder.take_root();
}

}  // namespace

YamlTree read_yaml(std::string_view text) {
    try {
        return {read_single_document(std::string(text)), ""};
    } catch (const YAML::DeepRecursion& error) {
        return {nullptr, too_deep(line_of(error.mark))};
    } catch (const YAML::Exception& error) {
        const std::string where = error.mark.is_null() ? ""
                                                       : "line " + std::to_string(line_of(error.mark)) + ", column " +
                                                             std::to_string(error.mark.column + 1) + ": ";
        return {nullptr, where + "not YAML: " + error.msg + flow_hint(text, error.mark.line)};
    } catch (const std::runtime_error& error) {
        return {nullptr, error.what()};
    }
}

}  // namespace sluice::config
