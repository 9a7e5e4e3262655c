#include "step_option.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

namespace sluice::fault {
namespace {

using std::chrono::milliseconds;
using Kind = StepOption::Kind;

constexpr std::int64_t kMaxMs = 86'400'000;
constexpr std::int64_t kMaxTokens = 100'000;

[[noreturn]] void refuse(std::string_view option, std::string_view found, const std::string& expected) {
    throw StepProblem(std::string(option) + ": found \"" + std::string(found) + "\", expected " + expected);
}

template <class Names>
std::string list_of(const Names& names) {
    std::string list;
    for (const std::string_view name : names) list.append(list.empty() ? "" : ", ").append(name);
    return list;
}

void set_fault(Step& step, std::string_view value) {
    const auto found = std::find(kFaultNames.begin(), kFaultNames.end(), value);
    // An error answer is asked for by its status.
    if (found == kFaultNames.end() || value == name_of(Fault::kStatus)) {
        auto names = std::vector<std::string_view>(kFaultNames.begin(), kFaultNames.end());
        std::erase(names, name_of(Fault::kStatus));
        refuse("fault", value, "one of " + list_of(names));
    }
    step.fault = static_cast<Fault>(found - kFaultNames.begin());
}

void set_error(Step& step, std::string_view value) {
    std::vector<std::string_view> names;
    for (const ErrorText& text : kErrorTexts) names.push_back(text.name);
    const auto found = std::find(names.begin(), names.end(), value);
    if (found == names.end()) refuse("error", value, "one of " + list_of(names));
    step.error = static_cast<ErrorKind>(found - names.begin());
    if (step.fault == Fault::kNone) step.fault = Fault::kStatus;
}

void set_when(Step& step, std::string_view value) {
    if (value != "always" && value != "prefill") refuse("when", value, "always or prefill");
    step.needs_prefill = value == "prefill";
}

void set_status(Step& step, std::int64_t value) {
    step.status = static_cast<int>(value);
    if (step.fault == Fault::kNone) step.fault = Fault::kStatus;
}

constexpr StepOption integer(std::string_view name, std::int64_t least, std::int64_t most, bool is_pace,
                             void (*set)(Step&, std::int64_t)) {
    return {name, Kind::kInteger, least, most, is_pace, set, nullptr, nullptr};
}
constexpr StepOption fraction(std::string_view name, bool is_pace, void (*set)(Step&, double)) {
    return {name, Kind::kFraction, 0, 1, is_pace, nullptr, set, nullptr};
}
constexpr StepOption word(std::string_view name, void (*set)(Step&, std::string_view)) {
    return {name, Kind::kWord, 0, 0, false, nullptr, nullptr, set};
}

template <auto kMember>
void put_number(Step& step, std::int64_t value) {
    step.*kMember = static_cast<std::uint32_t>(value);
}
template <auto kMember>
void put_time(Step& step, std::int64_t value) {
    step.*kMember = milliseconds(value);
}

constexpr StepOption kOptions[] = {
    word("fault", set_fault),
    integer("status", 400, 599, false, set_status),
    word("error", set_error),
    integer("retry_after", 0, 86'400, false, put_number<&Step::retry_after>),
    integer("after", 0, kMaxTokens, false, put_number<&Step::after>),
    word("when", set_when),
    fraction("share", false, [](Step& step, double value) { step.share = value; }),
    integer("times", 1, 1'000'000, false, put_number<&Step::times>),
    integer("until_ms", 1, kMaxMs, false, put_time<&Step::until>),
    integer("tokens", 1, kMaxTokens, true, put_number<&Step::tokens>),
    integer("head_ms", 0, kMaxMs, true, put_time<&Step::head>),
    integer("first_token_ms", 0, kMaxMs, true, put_time<&Step::first_token>),
    integer("token_ms", 0, kMaxMs, true, put_time<&Step::token>),
    fraction("jitter", true, [](Step& step, double value) { step.jitter = value; }),
};

template <class Number>
bool read_number(std::string_view text, Number& number) {
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    return error == std::errc() && stop == end;
}

}  // namespace

void StepOption::set(Step& step, std::string_view value) const {
    if (kind == Kind::kWord) return set_word(step, value);
    if (kind == Kind::kFraction) {
        double number = 0;
        if (!read_number(value, number) || !(number >= 0 && number <= 1)) refuse(name, value, "a number from 0 to 1");
        return set_fraction(step, number);
    }
    std::int64_t number = 0;
    if (!read_number(value, number) || number < least || number > most) {
        refuse(name, value, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    }
    set_integer(step, number);
}

std::span<const StepOption> step_options() { return kOptions; }

const StepOption& step_option(std::string_view name) {
    std::vector<std::string_view> names;
    for (const StepOption& option : kOptions) {
        if (option.name == name) return option;
        names.push_back(option.name);
    }
    throw StepProblem("found the option \"" + std::string(name) + "\", expected one of " + list_of(names));
}

void check_step(const Step& step) {
    const std::string beside = " beside fault " + std::string(name_of(step.fault));
    if (step.status != 0 && step.fault != Fault::kStatus) {
        throw StepProblem("found status" + beside + ", expected one of them");
    }
    const bool has_error = step.fault == Fault::kStatus || step.fault == Fault::kErrorEvent;
    if (step.error != ErrorKind::kByStatus && !has_error) {
        throw StepProblem("found error" + beside + ", expected it alone, or beside status or fault error_event");
    }
    if (step.error == ErrorKind::kHtml && step.fault == Fault::kErrorEvent) {
        throw StepProblem("found error html" + beside + ", expected an error that is JSON");
    }
    if (step.retry_after && step.fault != Fault::kStatus) {
        throw StepProblem("found retry_after" + beside + ", expected it beside status or error");
    }
    if (step.after != 0 && !comes_after_tokens(step.fault)) {
        throw StepProblem("found after" + beside + ", expected it beside a fault that comes behind tokens");
    }
    if (step.times && step.until) throw StepProblem("found times and until_ms, expected one of them");
}

}  // namespace sluice::fault
