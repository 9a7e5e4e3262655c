#include "limit.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "model_pattern.hpp"

namespace sluice::ratelimit {
namespace {

constexpr std::string_view kSubjectNames[] = {"address", "key", "session", "model", "global"};
constexpr std::string_view kKindNames[] = {"requests", "bucket", "concurrent", "tokens"};

std::string time_text(std::chrono::microseconds time) {
    const auto whole_ms = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
    return whole_ms % 1000 == 0 ? std::to_string(whole_ms / 1000) + " s" : std::to_string(whole_ms) + " ms";
}

std::string counted(std::int64_t count, std::string_view what) {
    return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

}  // namespace

bool Limit::applies_to(std::string_view model) const noexcept {
    return models.empty() || std::any_of(models.begin(), models.end(), [model](const std::string& pattern) {
               return matches_pattern(pattern, model);
           });
}

std::string Limit::name_before_time() const {
    return std::string(kSubjectNames[static_cast<std::size_t>(subject)]) + "/" +
           std::string(kKindNames[static_cast<std::size_t>(kind)]);
}

std::string Limit::name_behind_time() const {
    std::string out;
    for (const std::string& pattern : models) {
        out += out.empty() ? '/' : ',';
        out += pattern;
    }
    return out;
}

void Limit::append_time(std::chrono::microseconds time, std::string& out) const {
    if (kind == Kind::kConcurrent) return;
    std::array<char, 24> digits;
    const auto count = kind == Kind::kBucket ? time.count() : time.count() / 1000;
    digits[0] = '/';
    const auto end = std::to_chars(digits.data() + 1, digits.data() + digits.size(), count).ptr;
    out.append(digits.data(), end);
}

std::string Limit::name() const {
    std::string out = name_before_time();
    append_time(measure.time, out);
    return out + name_behind_time();
}

std::string Limit::text(const Measure& actual) const {
    std::string out;
    switch (kind) {
        case Kind::kRequests: out = counted(actual.count, "request") + " per " + time_text(actual.time); break;
        case Kind::kTokens: out = counted(actual.count, "token") + " per " + time_text(actual.time); break;
        case Kind::kConcurrent: out = counted(actual.count, "request") + " at a time"; break;
        case Kind::kBucket: out = rate + " and at most " + std::to_string(actual.count) + " at once"; break;
    }
    out += subject == Subject::kGlobal ? std::string(" for all clients together")
                                       : " for each " + std::string(kSubjectNames[static_cast<std::size_t>(subject)]);
    if (!models.empty()) out += " of the models " + name_behind_time().substr(1);
    return out;
}

}  // namespace sluice::ratelimit
