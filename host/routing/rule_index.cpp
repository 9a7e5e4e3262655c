#include "routing/rule_index.hpp"

#include <algorithm>
#include <cctype>

namespace sluice::routing {

namespace {

char small(char letter) { return static_cast<char>(std::tolower(static_cast<unsigned char>(letter))); }

}  // namespace

RuleIndex::RuleIndex(const std::vector<config::Route>& routes) {
    for (std::size_t at = 0; at < routes.size(); ++at) {
        const config::RouteMatch& match = routes[at].match;
        const auto rule = static_cast<std::uint32_t>(at);
        if (match.model && file_by_prefix(*match.model, models_, rule)) continue;
        if (match.header && file_by_value(*match.header, headers_, rule)) continue;
        if (match.attribute && file_by_value(*match.attribute, attributes_, rule)) continue;
        if (match.path && file_by_prefix(*match.path, paths_, rule)) continue;
        others_.push_back(rule);
    }
}

/// False where there would be too many lengths to look up; the rule is then looked at with every request.
bool RuleIndex::file_by_prefix(const std::string& pattern, Prefixes& prefixes, std::uint32_t rule) {
    const std::size_t length = std::min(pattern.find('*'), pattern.size());
    const bool is_known = std::find(prefixes.lengths.begin(), prefixes.lengths.end(), length) != prefixes.lengths.end();
    if (!is_known && prefixes.lengths.size() == kMostLengths) return false;
    prefixes.add(std::string_view(pattern).substr(0, length), rule);
    return true;
}

bool RuleIndex::file_by_value(const config::ValueMatch& match, std::vector<Values>& all, std::uint32_t rule) {
    if (match.test == config::ValueTest::kPresent) return false;
    const bool is_too_long = std::any_of(match.values.begin(), match.values.end(),
                                         [](const std::string& value) { return value.size() > kMostValueBytes; });
    if (is_too_long) return false;
    auto found = std::find_if(all.begin(), all.end(), [&](const Values& each) { return each.name == match.name; });
    if (found == all.end()) {
        if (all.size() == kMostNames) return false;
        found = all.insert(all.end(), Values{match.name, {}, 0});
    }
    found->add(match, rule);
    return true;
}

void RuleIndex::Prefixes::add(std::string_view prefix, std::uint32_t rule) {
    if (std::find(lengths.begin(), lengths.end(), prefix.size()) == lengths.end()) lengths.push_back(prefix.size());
    rules[std::string(prefix)].push_back(rule);
}

void RuleIndex::Values::add(const config::ValueMatch& match, std::uint32_t rule) {
    for (const std::string& value : match.values) {
        std::string key(value.size(), '\0');
        std::transform(value.begin(), value.end(), key.begin(), small);
        Rules& filed = rules[key];
        if (filed.empty() || filed.back() != rule) filed.push_back(rule);
        longest = std::max(longest, key.size());
    }
}

void RuleIndex::find(const Prefixes& prefixes, std::string_view text, Files& files, std::size_t& count) {
    for (std::size_t length : prefixes.lengths) {
        if (length > text.size()) continue;
        const auto found = prefixes.rules.find(text.substr(0, length));
        if (found != prefixes.rules.end()) files[count++] = found->second;
    }
}

void RuleIndex::find(const Values& values, std::string_view value, Files& files, std::size_t& count) {
    if (value.size() > values.longest) return;
    std::array<char, kMostValueBytes> key;
    std::transform(value.begin(), value.end(), key.begin(), small);
    const auto found = values.rules.find(std::string_view(key.data(), value.size()));
    if (found != values.rules.end()) files[count++] = found->second;
}

std::size_t RuleIndex::collect(const http::Request& request, const http::Attributes& attributes, Files& files) const {
    static_assert(2 * kMostLengths + 2 * kMostNames + 1 <= kMostFiles);
    std::size_t count = 0;
    files[count++] = others_;
    find(models_, request.model, files, count);
    find(paths_, request.path, files, count);
    for (const Values& each : headers_) find(each, request.header(each.name), files, count);
    for (const Values& each : attributes_) find(each, attributes.find(each.name), files, count);
    return count;
}

}  // namespace sluice::routing
