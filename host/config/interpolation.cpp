#include "config/interpolation.hpp"

#include "config/utf8.hpp"

#include <algorithm>

namespace sluice::config {
namespace {

bool is_name(std::string_view text) {
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    return !text.empty() && is_letter(text.front()) &&
           std::all_of(text.begin(), text.end(), [&](char c) { return is_letter(c) || is_digit(c); });
}

/// Takes in one reference, the text between `${` and `}`.
void take_reference(std::string_view reference, const Environment& environment, Interpolation& result) {
    const std::size_t separator = reference.find(":-");
    const bool has_default = separator != std::string_view::npos;
    const std::string name(reference.substr(0, separator));
    const std::string_view fallback = has_default ? reference.substr(separator + 2) : std::string_view();
    if (!is_name(name) || fallback.find("${") != std::string_view::npos) {
        result.problems.push_back("found \"${" + std::string(reference) + "}\", expected ${NAME} or ${NAME:-default}");
        return;
    }
    const auto value = environment.get(name);
    if (!has_default && !value) {
        result.problems.push_back("the environment variable ${" + name + "} is not set and has no default");
    } else if (value && !is_text(*value)) {
        result.problems.push_back("found a value that is not UTF-8 text (from ${" + name + "})");
    } else if (value && !(has_default && value->empty())) {
        result.text += *value;
        result.variables.push_back(name);
    } else {
        result.text += fallback;
    }
}

}  // namespace

Interpolation interpolate(std::string_view text, const Environment& environment) {
    Interpolation result;
    while (!text.empty()) {
        const std::size_t dollar = std::min(text.find('$'), text.size());
        result.text += text.substr(0, dollar);
        text.remove_prefix(dollar);
        if (text.substr(0, 2) == "$$") {
            result.text += '$';
            text.remove_prefix(2);
        } else if (text.substr(0, 2) == "${") {
            const std::size_t end = text.find('}');
            if (end == std::string_view::npos) {
                result.problems.push_back(
                    "found \"${\" without \"}\", expected ${NAME} or ${NAME:-default} ($$ stands for $)");
                return result;
            }
            take_reference(text.substr(2, end - 2), environment, result);
            text.remove_prefix(end + 1);
        } else if (!text.empty()) {
            result.text += '$';
            text.remove_prefix(1);
        }
    }
    return result;
}

std::string variable_list(const std::vector<std::string>& variables) {
    std::string list;
    for (const std::string& name : variables) {
        list += (list.empty() ? "${" : ", ${") + name + '}';
    }
    return list;
}

}  // namespace sluice::config
