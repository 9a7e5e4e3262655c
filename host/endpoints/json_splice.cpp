#include "endpoints/json_splice.hpp"

#include <algorithm>

namespace sluice::endpoints {

namespace {

/// Behind the string that begins at `at`.
std::size_t end_of_string(std::string_view json, std::size_t at) {
    for (++at; json[at] != '"'; ++at) {
        if (json[at] == '\\') ++at;
    }
    return at + 1;
}

/// Behind the value that begins at `at`.
std::size_t end_of_value(std::string_view json, std::size_t at) {
    if (json[at] == '"') return end_of_string(json, at);
    if (json[at] != '{' && json[at] != '[') return std::min(json.find_first_of(",]} \t\r\n", at), json.size());
    std::size_t depth = 0;
    do {
        char c = json[at];
        if (c == '"') {
            at = end_of_string(json, at);
            continue;
        }
        if (c == '{' || c == '[') ++depth;
        if (c == '}' || c == ']') --depth;
        ++at;
    } while (depth > 0);
    return at;
}

}  // namespace

std::size_t skip_blanks(std::string_view json, std::size_t at) {
    return std::min(json.find_first_not_of(" \t\r\n", at), json.size());
}

JsonPlace member_of(std::string_view json, std::size_t at, std::string_view name) {
    at = skip_blanks(json, at + 1);
    while (json[at] == '"') {
        std::size_t key_end = end_of_string(json, at);
        std::string_view key = json.substr(at + 1, key_end - at - 2);
        std::size_t begin = skip_blanks(json, skip_blanks(json, key_end) + 1);
        std::size_t end = end_of_value(json, begin);
        if (key == name) return {begin, end};
        at = skip_blanks(json, end);
        if (json[at] == ',') at = skip_blanks(json, at + 1);
    }
    return {};
}

std::string replaced(std::string_view json, JsonPlace place, std::string_view text) {
    std::string out(json.substr(0, place.begin));
    out += text;
    out += json.substr(place.end);
    return out;
}

std::string with_member(std::string_view json, std::size_t at, std::string_view member) {
    bool is_empty = json[skip_blanks(json, at + 1)] == '}';
    return replaced(json, {at + 1, at + 1}, std::string(member) + (is_empty ? "" : ","));
}

}  // namespace sluice::endpoints
