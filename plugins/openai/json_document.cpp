#include "json_document.hpp"

#include <sluice/cpp/parsable_json.hpp>

namespace sluice::openai {
namespace {

namespace dom = simdjson::dom;

}  // namespace

bool parse_json(dom::parser& parser, std::span<const char> text, dom::element& root) {
    const simdjson::error_code error = parser.parse(text.data(), text.size(), false).get(root);
    if (error == simdjson::SUCCESS) return true;
    // Numbers beyond 64 bits, and text that was cut between the halves of a surrogate pair.
    if (error != simdjson::NUMBER_ERROR && error != simdjson::STRING_ERROR) return false;
    return parser.parse(parsable_json({text.data(), text.size()})).get(root) == simdjson::SUCCESS;
}

}  // namespace sluice::openai
