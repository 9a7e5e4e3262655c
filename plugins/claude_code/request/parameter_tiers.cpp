#include "request/parameter_tiers.hpp"

#include <algorithm>
#include <array>

namespace sluice::claude_code {
namespace {

using Feature = bool Features::*;

struct Row {
    std::string_view parameter;
    ParameterTier tier;  // without the feature
    Feature feature;     // makes it honoured; null: nothing does
    std::string_view advice = {};
};

constexpr auto kHonoured = ParameterTier::kHonoured;
constexpr auto kIgnored = ParameterTier::kIgnored;
constexpr auto kUnsupported = ParameterTier::kUnsupported;

// What is not here is ignored. `n` is, too: its value decides, see chat_request.cpp.
constexpr std::array<Row, 23> kRows{{
    {"model", kHonoured, nullptr},
    {"messages", kHonoured, nullptr},
    {"stream", kHonoured, nullptr},
    {"stream_options", kHonoured, nullptr},
    {"temperature", kIgnored, &Features::has_sampling},
    {"top_p", kIgnored, &Features::has_sampling},
    {"stop", kIgnored, &Features::has_sampling},
    {"max_tokens", kIgnored, &Features::has_sampling},
    {"max_completion_tokens", kIgnored, &Features::has_sampling},
    {"reasoning_effort", kIgnored, &Features::has_reasoning_effort},
    {"tools", kUnsupported, &Features::has_tools,
     "Leave it out and describe in a message what is needed, or send the request to a backend that has tools."},
    {"tool_choice", kUnsupported, &Features::has_tools,
     "Leave it out, or use \"auto\" or \"none\" where tools are on."},
    {"response_format", kUnsupported, &Features::has_json_schema,
     "Leave it out, use {\"type\":\"text\"}, or ask for JSON in a message."},
    {"functions", kUnsupported, nullptr, "Leave it out, or use tools where they are supported."},
    {"function_call", kUnsupported, nullptr, "Leave it out, or use tools where they are supported."},
    {"logprobs", kUnsupported, nullptr, "Leave it out or set it to false: probabilities are not known here."},
    {"top_logprobs", kUnsupported, nullptr, "Leave it out: probabilities are not known here."},
    {"logit_bias", kUnsupported, nullptr, "Leave it out: the choice of single tokens cannot be influenced."},
    {"audio", kUnsupported, nullptr, "Leave it out: answers are text."},
    {"modalities", kUnsupported, nullptr, "Leave it out or set it to [\"text\"]: answers are text."},
    {"prediction", kUnsupported, nullptr, "Leave it out: the whole answer is always written anew."},
    {"web_search_options", kUnsupported, nullptr, "Leave it out: the model has no access to the web here."},
    {"n", kIgnored, nullptr, "Set it to 1, or send the request several times."},
}};

const Row* row_of(std::string_view parameter) noexcept {
    const auto found =
        std::find_if(kRows.begin(), kRows.end(), [parameter](const Row& row) { return row.parameter == parameter; });
    return found == kRows.end() ? nullptr : &*found;
}

}  // namespace

ParameterTier tier_of(std::string_view parameter, const Features& features) noexcept {
    const Row* const row = row_of(parameter);
    if (row == nullptr) return kIgnored;
    return row->feature != nullptr && features.*row->feature ? kHonoured : row->tier;
}

std::string_view advice_for(std::string_view parameter) noexcept {
    const Row* const row = row_of(parameter);
    return row == nullptr || row->advice.empty() ? "Leave it out." : row->advice;
}

}  // namespace sluice::claude_code
