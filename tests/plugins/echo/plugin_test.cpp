#include "sluice/testing/loaded_backend.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <vector>

using sluice::testing::FakeCall;
using sluice::testing::FakeHost;
using sluice::testing::FakeRequest;
using sluice::testing::LoadedBackend;

namespace {

// What stands between `before` and the next `after`.
std::string between(const std::string& text, const std::string& before, const std::string& after) {
    const std::size_t start = text.find(before);
    if (start == std::string::npos) {
        return "nothing after " + before;
    }
    const std::size_t from = start + before.size();
    return text.substr(from, text.find(after, from) - from);
}

std::vector<std::string> deltas(const FakeCall& call) {
    std::vector<std::string> texts;
    for (const auto& event : call.events()) {
        if (event.data.find("\"content\":") != std::string::npos) {
            texts.push_back(between(event.data, "\"content\":\"", "\"},"));
        }
    }
    return texts;
}

}  // namespace

TEST_CASE("the echo answers with the last user message", "[echo][unit]") {
    FakeHost host;
    LoadedBackend echo(host, sluice_plugin_query(1, 0));
    const auto call = echo.answer(FakeRequest::chat("echo", "good morning"));

    REQUIRE(call->is_finished());
    CHECK(call->head()->http_status == 200);
    CHECK(call->head()->content_type == "application/json");
    CHECK(between(call->body(), "\"content\":", ",\"refusal\"") == "\"good morning\"");
    CHECK(between(call->body(), "\"model\":", ",") == "\"echo\"");
    CHECK(between(call->body(), "\"finish_reason\":", "}") == "\"stop\"");
    CHECK(host.breaches().text() == "");
}

TEST_CASE("the echo streams word by word and keeps every blank", "[echo][unit]") {
    FakeHost host;
    LoadedBackend echo(host, sluice_plugin_query(1, 0));
    const auto call = echo.answer(FakeRequest::chat("echo", "  one two\n three ", true));

    REQUIRE(call->is_finished());
    CHECK(call->head()->is_events);
    CHECK(deltas(*call) == std::vector<std::string>{"", "  one ", "two\\n ", "three "});
    CHECK(host.breaches().text() == "");
}

TEST_CASE("the echo counts words as tokens and says that they are estimated", "[echo][unit]") {
    FakeHost host;
    LoadedBackend echo(host, sluice_plugin_query(1, 0));
    const auto call = echo.answer(FakeRequest::chat("echo", "one two three", true).set_wants_usage(true));

    REQUIRE(call->usage());
    CHECK(call->usage()->prompt_tokens == 3);
    CHECK(call->usage()->completion_tokens == 3);
    CHECK(call->usage()->is_estimated);
    CHECK(between(call->events().back().data, "\"total_tokens\":", ",") == "6");
}

TEST_CASE("the echo ends a stream whose client has left", "[echo][unit]") {
    FakeHost host;
    LoadedBackend echo(host, sluice_plugin_query(1, 0));
    FakeCall call(host, FakeRequest::chat("echo", "one two three four five", true));
    call.cancel_at_write(3);
    echo.start(call);

    CHECK(call.is_ended());
    CHECK_FALSE(call.is_finished());
    CHECK(call.events().size() == 2);
    CHECK(host.breaches().text() == "");
}

TEST_CASE("the echo refuses a request without a user message by naming the parameter", "[echo][unit]") {
    FakeHost host;
    LoadedBackend echo(host, sluice_plugin_query(1, 0));
    const auto call = echo.answer(
        FakeRequest().set_model("echo").set_body(R"({"model":"echo","messages":[{"role":"system","content":"x"}]})"));

    REQUIRE(call->error());
    CHECK(call->error()->code == "invalid_request");
    CHECK(call->error()->param == "messages");
    CHECK_FALSE(call->head());
    CHECK(host.breaches().text() == "");
}

TEST_CASE("the echo lists one model and is an example", "[echo][unit]") {
    FakeHost host;
    LoadedBackend echo(host, sluice_plugin_query(1, 0));

    CHECK(echo.models()->ids() == std::vector<std::string>{"echo"});
    CHECK(echo.health() == nullptr);
    CHECK(echo.paths() == std::vector<std::string>{"/v1/chat/completions"});
    CHECK_FALSE(echo.is_asynchronous());
    CHECK(sluice::to_view(sluice_plugin_query(1, 0)->name) == "echo");
    CHECK(sluice_plugin_query(2, 0) == nullptr);
}
