#include "endpoints/model_renaming.hpp"

#include "endpoints/json_splice.hpp"
#include "http/error_table.hpp"

namespace sluice::endpoints {

std::string with_model(std::string_view body, std::string_view model) {
    const std::size_t root = skip_blanks(body, 0);
    if (root == body.size() || body[root] != '{') return {};
    const JsonPlace place = member_of(body, root, "model");
    if (place.begin == kNoPlace) return {};
    std::string literal;
    http::append_json_string(literal, model);
    return replaced(body, place, literal);
}

}  // namespace sluice::endpoints
