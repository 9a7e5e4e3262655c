#include "commands/key_options.hpp"

#include <charconv>
#include <cstdint>

#include "keys/limits_json.hpp"
#include "keys/moment.hpp"
#include "keys/name_text.hpp"

namespace sluice::auth {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMaxPatterns = 100;
constexpr std::size_t kMaxPatternBytes = 256;
constexpr std::size_t kMaxLabels = 64;
constexpr std::size_t kMaxMetadataBytes = 65536;
constexpr std::int64_t kMaxCount = 1'000'000'000'000;
constexpr std::int64_t kMaxWindowMs = 2'678'400'000;  // 31 days

[[noreturn]] void refuse(std::string_view option, std::string_view found, std::string_view expected) {
    throw UsageError(std::string(option) + ": found \"" + std::string(found) + "\", expected " + std::string(expected));
}

// For what may hold anything, also what a terminal should not be sent.
[[noreturn]] void refuse_unseen(std::string_view option, std::string_view expected) {
    throw UsageError(std::string(option) + ": expected " + std::string(expected) + ", found something else");
}

std::string read_name(std::string_view option, std::string_view text) {
    if (!is_name_text(text)) refuse_unseen(option, "1 to 200 characters of UTF-8 without control characters");
    return std::string(text);
}

bool read_number(std::string_view text, std::int64_t largest, std::int64_t& number) {
    const char* const end = text.data() + text.size();
    const auto [last, failure] = std::from_chars(text.data(), end, number);
    return failure == std::errc() && last == end && number > 0 && number <= largest;
}

// "100" or "100/60000".
KeyLimits::Window read_window(std::string_view option, std::string_view text) {
    const std::size_t slash = text.find('/');
    std::int64_t count = 0;
    std::int64_t window_ms = kDefaultWindowMs;
    const bool has_window = slash != std::string_view::npos;
    if (!read_number(text.substr(0, slash), kMaxCount, count) ||
        (has_window && !read_number(text.substr(slash + 1), kMaxWindowMs, window_ms))) {
        refuse(option, text, "a number, or a number and a window in milliseconds (100/60000), all above 0");
    }
    return {count, milliseconds(window_ms)};
}

milliseconds read_expiry(std::string_view text, milliseconds now) {
    if (const auto duration = parse_duration(text)) return now + *duration;
    const auto moment = parse_moment(text);
    if (!moment) {
        refuse("--expires", text, "a duration (30d, 12h), a day (2027-01-31) or a moment (2027-01-31T12:00:00Z)");
    }
    if (*moment <= now) refuse("--expires", text, "a time to come");
    return *moment;
}

std::vector<std::string> read_patterns(const CommandLine& line, std::string_view option) {
    std::vector<std::string> patterns;
    for (const std::string_view pattern : line.values(option)) {
        if (!is_name_text(pattern) || pattern.size() > kMaxPatternBytes ||
            pattern.find(',') != std::string_view::npos) {
            refuse_unseen(option, "a name, with * for any characters, of at most 200 characters and without commas");
        }
        patterns.emplace_back(pattern);
    }
    if (patterns.size() > kMaxPatterns) refuse(option, std::to_string(patterns.size()) + " times", "at most 100");
    return patterns;
}

void check_model_options(const std::vector<std::string>& models) {
    const std::size_t total = joined_patterns(models).size();
    if (total <= kMaxAttributeBytes) return;
    refuse("--model", std::to_string(total) + " bytes in all", "at most 1024, with a comma between two");
}

void read_limits_options(const CommandLine& line, KeyLimits& limits) {
    if (line.has("--requests")) limits.requests = read_window("--requests", line.value("--requests"));
    if (line.has("--tokens")) limits.tokens = read_window("--tokens", line.value("--tokens"));
    if (!line.has("--concurrent")) return;
    std::int64_t count = 0;
    if (!read_number(line.value("--concurrent"), kMaxCount, count)) {
        refuse("--concurrent", line.value("--concurrent"), "a number above 0");
    }
    limits.concurrent = count;
}

void read_labels(const CommandLine& line, KeyRecord& record) {
    for (const std::string_view label : line.values("--label")) {
        const std::size_t equals = label.find('=');
        if (equals == std::string_view::npos) refuse_unseen("--label", "NAME=VALUE");
        const std::string name = read_name("--label", label.substr(0, equals));
        record.labels[name] = read_name("--label", label.substr(equals + 1));
    }
    if (record.labels.size() > kMaxLabels) {
        refuse("--label", std::to_string(record.labels.size()) + " labels", "at most 64");
    }
}

std::string read_metadata(std::string_view text) {
    if (text.size() > kMaxMetadataBytes || !is_json_object(text)) {
        refuse_unseen("--metadata", "one JSON object of at most 65536 bytes");
    }
    return std::string(text);
}

// Kept as text: an amount of money is no floating-point number.
std::string read_budget(std::string_view text) {
    const std::size_t point = text.find('.');
    const std::string_view whole = text.substr(0, point);
    const std::string_view fraction = point == std::string_view::npos ? "0" : text.substr(point + 1);
    const auto is_digits = [](std::string_view part, std::size_t longest) {
        return !part.empty() && part.size() <= longest &&
               part.find_first_not_of("0123456789") == std::string_view::npos;
    };
    if (!is_digits(whole, 15) || !is_digits(fraction, 9)) refuse("--budget", text, "an amount (25 or 12.50)");
    return std::string(text);
}

}  // namespace

const std::vector<OptionRule>& key_option_rules() {
    static const std::vector<OptionRule> rules = {{"--name"},       {"--owner"},
                                                  {"--expires"},    {"--model", true, true},
                                                  {"--requests"},   {"--concurrent"},
                                                  {"--tokens"},     {"--route", true, true},
                                                  {"--budget"},     {"--label", true, true},
                                                  {"--metadata"},   {"--json", false},
                                                  {"--help", false}};
    return rules;
}

KeyRecord read_key_options(const CommandLine& line, milliseconds now) {
    if (!line.names.empty()) refuse_unseen("create", "options only (a name stands behind --name)");
    if (!line.has("--name")) throw UsageError("--name: expected a name for the key, found none");
    KeyRecord record;
    record.name = read_name("--name", line.value("--name"));
    if (line.has("--owner")) record.owner = read_name("--owner", line.value("--owner"));
    if (line.has("--expires")) record.expires = read_expiry(line.value("--expires"), now);
    record.models = read_patterns(line, "--model");
    check_model_options(record.models);
    record.routes = read_patterns(line, "--route");
    read_limits_options(line, record.limits);
    read_labels(line, record);
    if (line.has("--metadata")) record.metadata = read_metadata(line.value("--metadata"));
    if (line.has("--budget")) record.budget = read_budget(line.value("--budget"));
    return record;
}

milliseconds read_duration(std::string_view option, std::string_view text) {
    const auto duration = parse_duration(text);
    if (!duration) refuse(option, text, "a duration (30d, 12h, 15m, 90s)");
    return *duration;
}

}  // namespace sluice::auth
