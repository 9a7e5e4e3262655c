// An instance of the plugin under test, with an upstream in the test's hands.
#pragma once

#include <memory>

#include "scripted_upstream.hpp"
#include "sluice/plugin.h"
#include "sluice/testing/fake_call.hpp"
#include "sluice/testing/loaded_backend.hpp"

namespace sluice::openai::testing {

using sluice::testing::FakeCall;
using sluice::testing::FakeRequest;
using sluice::testing::LoadedBackend;

constexpr std::string_view kCompletion =
    R"({"id":"chatcmpl-1","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},)"
    R"("finish_reason":"stop"}],"usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15,)"
    R"("prompt_tokens_details":{"cached_tokens":4}}})";

// Closes with a look at what the plugin did against the ABI's rules.
struct GatewaySide {
    explicit GatewaySide(std::string_view more_config = {}, sluice::testing::Time time = sluice::testing::Time::kManual)
        : host("openai-passthrough", time), upstream(host) {
        backend = std::make_unique<LoadedBackend>(host, sluice_plugin_query(1, 0), upstream.config(more_config));
    }

    std::unique_ptr<FakeCall> start(FakeRequest request) {
        auto call = std::make_unique<FakeCall>(host, std::move(request));
        backend->start(*call);
        return call;
    }
    // The breaches of the whole life of the instance, which ends here.
    std::string breaches() {
        backend.reset();
        return host.breaches().text();
    }

    FakeHost host;
    ScriptedUpstream upstream;
    std::unique_ptr<LoadedBackend> backend;
};

inline FakeRequest chat() { return FakeRequest::chat("gpt-4o", "hello"); }
inline FakeRequest chat_stream() { return FakeRequest::chat("gpt-4o", "hello", true); }

}  // namespace sluice::openai::testing
