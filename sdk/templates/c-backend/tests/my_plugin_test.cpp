// The plugin between a fake host and fake calls: no gateway, no network.
#include "sluice/testing/loaded_backend.hpp"

#include <cstdio>
#include <string>

using sluice::testing::FakeCall;
using sluice::testing::FakeHost;
using sluice::testing::FakeRequest;
using sluice::testing::LoadedBackend;

namespace {

int failures = 0;

void expect(bool holds, const char* what) {
    if (!holds) {
        std::fprintf(stderr, "FAILED: %s\n", what);
        ++failures;
    }
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

void a_request_is_answered() {
    FakeHost host;
    LoadedBackend backend(host, sluice_plugin_query(1, 0));
    const auto call = backend.answer(FakeRequest::chat("my-plugin", "how are you?"));
    expect(call->is_finished(), "the call is finished");
    expect(has(call->body(), "\"Hello from my-plugin.\""), "the text is in the answer");
    expect(host.breaches().text().empty(), host.breaches().text().c_str());
}

void a_stream_ends_with_its_finish_reason() {
    FakeHost host;
    LoadedBackend backend(host, sluice_plugin_query(1, 0));
    const auto call = backend.answer(FakeRequest::chat("my-plugin", "how are you?", true));
    expect(call->is_finished() && call->events().size() == 3, "three events");
    expect(has(call->events()[1].data, "\"Hello from my-plugin.\""), "the second has the text");
    expect(has(call->events()[2].data, "\"finish_reason\":\"stop\""), "the last one says why it ends");
    expect(host.breaches().text().empty(), host.breaches().text().c_str());
}

void a_client_that_leaves_ends_the_stream() {
    FakeHost host;
    LoadedBackend backend(host, sluice_plugin_query(1, 0));
    FakeCall call(host, FakeRequest::chat("my-plugin", "how are you?", true));
    call.cancel_at_write(1);
    backend.start(call);
    expect(call.is_ended(), "the call is ended");
    expect(host.breaches().text().empty(), host.breaches().text().c_str());
}

void more_than_one_choice_is_refused_by_the_parameters_name() {
    FakeHost host;
    LoadedBackend backend(host, sluice_plugin_query(1, 0));
    const auto call = backend.answer(FakeRequest::chat("my-plugin", "how are you?").set_choice_count(2));
    expect(call->error() && call->error()->param == "n", "the error names \"n\"");
    expect(host.breaches().text().empty(), host.breaches().text().c_str());
}

}  // namespace

int main() {
    a_request_is_answered();
    a_stream_ends_with_its_finish_reason();
    a_client_that_leaves_ends_the_stream();
    more_than_one_choice_is_refused_by_the_parameters_name();
    std::printf("%s\n", failures == 0 ? "all passed" : "some failed");
    return failures == 0 ? 0 : 1;
}
