#include "process/offered_models.hpp"

#include <simdjson.h>

namespace sluice::claude_code {

std::vector<OfferedModel> read_offered_models(std::string_view answer_json) {
    std::vector<OfferedModel> offered;
    simdjson::dom::parser parser;
    simdjson::dom::element answer;
    simdjson::dom::array models;
    const simdjson::padded_string padded(answer_json);
    if (parser.parse(padded).get(answer) != simdjson::SUCCESS) return offered;
    if (answer["models"].get(models) != simdjson::SUCCESS) return offered;
    for (const simdjson::dom::element model : models) {
        std::string_view name;
        std::string_view resolved;
        if (model["value"].get(name) != simdjson::SUCCESS) continue;
        if (model["resolvedModel"].get(resolved) != simdjson::SUCCESS) resolved = {};
        offered.push_back(OfferedModel{std::string(name), std::string(resolved)});
    }
    return offered;
}

}  // namespace sluice::claude_code
