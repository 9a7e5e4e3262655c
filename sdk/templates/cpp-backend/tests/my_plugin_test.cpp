// The plugin between a fake host and fake calls: no gateway, no network.
#include "sluice/testing/loaded_backend.hpp"

#include <cstdio>
#include <string>

using sluice::testing::FakeHost;
using sluice::testing::FakeRequest;
using sluice::testing::LoadedBackend;

namespace {

constexpr auto kConfig = R"({"greeting": "Good day."})";
int failures = 0;

void expect(bool holds, const char* what) {
    if (!holds) {
        std::fprintf(stderr, "FAILED: %s\n", what);
        ++failures;
    }
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

void a_request_is_answered_with_the_greeting_and_the_users_text() {
    FakeHost host;
    LoadedBackend backend(host, sluice_plugin_query(1, 0), kConfig);
    const auto call = backend.answer(FakeRequest::chat("my-plugin", "how are you?"));
    expect(call->is_finished(), "the call is finished");
    expect(call->head() && call->head()->http_status == 200, "its status is 200");
    expect(has(call->body(), "\"Good day. You said: how are you?\""), "the text is in the answer");
    expect(host.breaches().text().empty(), host.breaches().text().c_str());
}

void a_stream_has_the_same_text_in_pieces() {
    FakeHost host;
    LoadedBackend backend(host, sluice_plugin_query(1, 0), kConfig);
    const auto call = backend.answer(FakeRequest::chat("my-plugin", "how are you?", true));
    std::string events;
    for (const auto& event : call->events()) {
        events += event.data + "\n";
    }
    expect(call->is_finished() && call->head() && call->head()->is_events, "the answer is a stream");
    expect(has(events, "\"content\":\"Good day.\""), "the greeting is a piece of it");
    expect(has(events, "\"content\":\" You said: how are you?\""), "and so is the text");
    expect(host.breaches().text().empty(), host.breaches().text().c_str());
}

void a_request_without_a_user_message_is_the_clients_error() {
    FakeHost host;
    LoadedBackend backend(host, sluice_plugin_query(1, 0), kConfig);
    const auto call = backend.answer(FakeRequest().set_model("my-plugin").set_body(R"({"messages": []})"));
    expect(call->error() && call->error()->code == "invalid_request", "the error names the fault");
    expect(host.breaches().text().empty(), host.breaches().text().c_str());
}

}  // namespace

int main() {
    a_request_is_answered_with_the_greeting_and_the_users_text();
    a_stream_has_the_same_text_in_pieces();
    a_request_without_a_user_message_is_the_clients_error();
    std::printf("%s\n", failures == 0 ? "all passed" : "some failed");
    return failures == 0 ? 0 : 1;
}
