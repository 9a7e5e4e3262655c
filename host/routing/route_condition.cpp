#include "routing/route_condition.hpp"

#include <algorithm>
#include <vector>

#include "http/ascii_case.hpp"
#include "http/secret_header.hpp"
#include "routing/glob.hpp"

namespace sluice::routing {

namespace {

constexpr std::string_view kHidden = "***";
/// Of the values that a condition accepts.
constexpr std::size_t kMostListed = 20;

bool matches_header(const config::ValueMatch& match, const http::Request& request) noexcept {
    std::size_t lines = request.header_lines(match.name);
    if (match.test == config::ValueTest::kPresent) return (lines > 0) == match.is_present;
    return lines > 0 && http::contains_ignoring_case(match.values, request.header(match.name));
}

bool matches_attribute(const config::ValueMatch& match, const http::Attributes& attributes) noexcept {
    std::string_view value = attributes.find(match.name);
    if (match.test == config::ValueTest::kPresent) return !value.empty() == match.is_present;
    return !value.empty() && http::contains_ignoring_case(match.values, value);
}

std::string expectation_of(const config::ValueMatch& match, bool is_hidden) {
    if (match.test == config::ValueTest::kPresent) return match.is_present ? "present" : "absent";
    if (is_hidden) return std::string(kHidden);
    std::string text = match.values.size() > 1 ? "one of: " : "";
    for (std::size_t at = 0; at < std::min(match.values.size(), kMostListed); ++at) {
        text += (at == 0 ? "" : ", ") + match.values[at];
    }
    if (match.values.size() > kMostListed) {
        text += " and " + std::to_string(match.values.size() - kMostListed) + " more";
    }
    return text;
}

std::optional<std::string> unless_empty(std::string_view text) {
    return text.empty() ? std::nullopt : std::optional(std::string(text));
}

ConditionFact header_fact(const config::ValueMatch& match, const http::Request& request) {
    const bool is_hidden = http::may_be_secret(match.name);
    ConditionFact fact{Condition::kHeader, "header " + match.name, std::nullopt, expectation_of(match, is_hidden), ""};
    if (request.header_lines(match.name) > 0) fact.found = is_hidden ? kHidden : request.header(match.name);
    return fact;
}

}  // namespace

Condition first_unmet(const config::RouteMatch& match, const http::Request& request,
                      const http::Attributes& attributes) noexcept {
    if (match.header && !matches_header(*match.header, request)) return Condition::kHeader;
    if (match.attribute && !matches_attribute(*match.attribute, attributes)) return Condition::kAttribute;
    if (match.path && !matches_glob(*match.path, request.path)) return Condition::kPath;
    if (match.method && *match.method != request.method) return Condition::kMethod;
    return !match.model || matches_glob(*match.model, request.model) ? Condition::kNone : Condition::kModel;
}

ConditionFact fact_of(Condition condition, const config::RouteMatch& match, const http::Request& request,
                      const http::Attributes& attributes) {
    switch (condition) {
        case Condition::kHeader: return header_fact(*match.header, request);
        case Condition::kAttribute:
            return {condition, "attribute " + match.attribute->name,
                    unless_empty(attributes.find(match.attribute->name)), expectation_of(*match.attribute, false), ""};
        case Condition::kPath: return {condition, "path", std::string(request.path), *match.path, ""};
        case Condition::kMethod: return {condition, "method", std::string(request.method), *match.method, ""};
        case Condition::kModel: return {condition, "model", unless_empty(request.model), *match.model, ""};
        case Condition::kListedModel:
        case Condition::kNone: break;
    }
    return {};
}

std::string_view name_of(Condition condition) noexcept {
    switch (condition) {
        case Condition::kHeader: return "header";
        case Condition::kAttribute: return "attribute";
        case Condition::kPath: return "path";
        case Condition::kMethod: return "method";
        case Condition::kModel: return "model";
        case Condition::kListedModel: return "listed_model";
        case Condition::kNone: break;
    }
    return "none";
}

}  // namespace sluice::routing
