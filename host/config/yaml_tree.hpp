#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::config {

struct YamlNode;
using YamlNodePtr = std::shared_ptr<const YamlNode>;

/// A YAML document as it is written: scalars untyped, keys in order, duplicates kept, aliases shared.
struct YamlNode {
    enum class Kind { kNull, kScalar, kSequence, kMapping };

    Kind kind = Kind::kNull;
    bool is_plain = false;                                     ///< a scalar without quotes and without a tag
    std::string text;                                          ///< of a scalar
    std::string tag;                                           ///< an explicit tag, else empty
    std::size_t line = 0;                                      ///< from 1
    std::vector<YamlNodePtr> items;                            ///< of a sequence
    std::vector<std::pair<YamlNodePtr, YamlNodePtr>> members;  ///< of a mapping
    std::size_t height = 1;  ///< levels below and including this one, aliases followed
    std::size_t weight = 1;  ///< nodes below and including this one, aliases followed
};

/// Either a tree, or why there is none.
struct YamlTree {
    YamlNodePtr root;
    std::string problem;
};

/// Deepest nesting and largest number of nodes of a document, aliases followed. Reason: an alias may stand for a
/// whole subtree, so that a small text could otherwise stand for an endless document.
inline constexpr std::size_t kMaxDocumentDepth = 64;
inline constexpr std::size_t kMaxDocumentNodes = 20000;

/// Reads one YAML document. Never throws what yaml-cpp throws.
YamlTree read_yaml(std::string_view text);

}  // namespace sluice::config
