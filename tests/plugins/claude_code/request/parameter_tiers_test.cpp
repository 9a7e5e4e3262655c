#include "request/parameter_tiers.hpp"

#include <catch2/catch.hpp>

#include "reading.hpp"

using namespace sluice::claude_code;
using namespace sluice::claude_code::testing;

TEST_CASE("every parameter has its tier", "[claude_code][unit]") {
    for (const auto* name : {"model", "messages", "stream", "stream_options"}) {
        CHECK(tier_of(name, kNone) == ParameterTier::kHonoured);
    }
    for (const auto* name : {"temperature", "top_p", "max_tokens", "max_completion_tokens", "stop", "seed", "n", "user",
                             "frequency_penalty", "presence_penalty", "metadata", "store", "service_tier",
                             "parallel_tool_calls", "reasoning_effort", "nobody_knows_it"}) {
        CHECK(tier_of(name, kNone) == ParameterTier::kIgnored);
    }
    for (const auto* name : {"tools", "tool_choice", "functions", "function_call", "response_format", "logprobs",
                             "top_logprobs", "logit_bias", "audio", "modalities", "prediction", "web_search_options"}) {
        CHECK(tier_of(name, kNone) == ParameterTier::kUnsupported);
        CHECK_FALSE(advice_for(name).empty());
    }
}

TEST_CASE("features move parameters to the honoured ones", "[claude_code][unit]") {
    for (const auto* name : {"temperature", "top_p", "max_tokens", "max_completion_tokens", "stop", "reasoning_effort",
                             "tools", "tool_choice", "response_format"}) {
        CHECK(tier_of(name, kAll) == ParameterTier::kHonoured);
    }
    for (const auto* name : {"functions", "function_call", "logprobs", "logit_bias"}) {
        CHECK(tier_of(name, kAll) == ParameterTier::kUnsupported);
    }
    CHECK(tier_of("seed", kAll) == ParameterTier::kIgnored);
}
