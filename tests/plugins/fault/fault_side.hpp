// An instance of the plugin, and how answers look that are to be compared.
#pragma once

#include <memory>
#include <regex>
#include <string>
#include <string_view>

#include "sluice/plugin.h"
#include "sluice/testing/fake_call.hpp"
#include "sluice/testing/loaded_backend.hpp"

namespace sluice::fault::testing {

using sluice::testing::FakeCall;
using sluice::testing::FakeHost;
using sluice::testing::FakeRequest;
using sluice::testing::LoadedBackend;

struct FaultSide {
    explicit FaultSide(std::string_view config = "{}")
        : host("primary"), backend(std::make_unique<LoadedBackend>(host, sluice_plugin_query(1, 0), config)) {}

    std::unique_ptr<FakeCall> start(FakeRequest request) {
        auto call = std::make_unique<FakeCall>(host, std::move(request));
        backend->start(*call);
        host.loop().run_ready();
        return call;
    }
    // The breaches of the whole life of the instance, which ends here.
    std::string breaches() {
        backend.reset();
        return host.breaches().text();
    }

    FakeHost host;
    std::unique_ptr<LoadedBackend> backend;
};

inline FakeRequest chat(bool is_stream = false) { return FakeRequest::chat("some-model", "hello", is_stream); }
inline FakeRequest asking(std::string_view header, bool is_stream = false) {
    return chat(is_stream).set_header("x-sluice-fault", header);
}

// The status a client would see: that of the answer, or that of the error (0: by its code).
inline int status_of(const FakeCall& call) {
    return call.error() ? call.error()->http_status : call.head() ? call.head()->http_status : -1;
}

// The text of a chat stream.
inline std::string text_of(const FakeCall& call) {
    std::string text;
    const std::regex content(R"re("delta":\{"content":"([^"]*)"\})re");
    for (const auto& event : call.events()) {
        std::smatch match;
        if (std::regex_search(event.data, match, content)) text += match[1];
    }
    return text;
}

inline std::string without_ids(const std::string& text) {
    return std::regex_replace(text, std::regex("[0-9a-f]{32}"), "ID");
}

// Everything the host was told, line by line.
inline std::string record_of(const FakeCall& call) {
    std::string record;
    const auto line = [&](std::string_view name, const std::string& value) {
        record.append(name).append(": ").append(value).append("\n");
    };
    if (const auto& head = call.head()) {
        const bool has_length = head->content_length != SLUICE_LENGTH_UNKNOWN;
        line("begin", std::to_string(head->http_status) + (head->is_events ? " events" : " " + head->content_type) +
                          (has_length ? " " + std::to_string(head->content_length) : ""));
        for (const auto& [name, value] : head->headers) line(name, value);
    }
    if (!call.body().empty()) line("body", without_ids(call.body()));
    for (const auto& event : call.events()) line("event " + event.name, without_ids(event.data));
    if (const auto& usage = call.usage()) {
        line("usage", std::to_string(usage->prompt_tokens) + "/" + std::to_string(usage->completion_tokens) + "/" +
                          std::to_string(usage->cached_tokens) + (usage->is_estimated ? " estimated" : ""));
    }
    if (const auto& error = call.error()) {
        line("fail", error->code + " status=" + std::to_string(error->http_status) + " type=" + error->type +
                         " param=" + error->param + " retry=" + std::to_string(error->retry_after_ms) +
                         " flags=" + std::to_string(error->flags) + " " + error->message);
    }
    line("ended", call.is_ended() ? "yes" : "no");
    return record;
}

}  // namespace sluice::fault::testing
