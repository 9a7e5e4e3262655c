// Good answers, and whom a fault hits.
#include <catch2/catch.hpp>

#include "fault_side.hpp"

using namespace sluice::fault::testing;
using namespace std::chrono_literals;

namespace {

FakeRequest with_messages(std::string_view messages) {
    return chat(true).set_body(R"({"model":"some-model","stream":true,"messages":)" + std::string(messages) + "}");
}

}  // namespace

TEST_CASE("without a script every request is answered well, and a header is ignored", "[fault][unit]") {
    FaultSide side(R"({"tokens":3})");
    const auto call = side.start(asking("status=503"));
    REQUIRE(call->is_finished());
    CHECK(call->head()->http_status == 200);
    CHECK(call->body().find(R"("content":"1 2 3")") != std::string::npos);
    CHECK(call->body().find(R"("model":"some-model")") != std::string::npos);
    CHECK(call->usage()->completion_tokens == 3);
    CHECK_FALSE(call->usage()->is_estimated);
    CHECK(side.start(asking("this is no fault"))->is_finished());
    CHECK(side.host.log().lines().empty());
    CHECK(side.breaches() == "");
}

TEST_CASE("no two answers have the same id", "[fault][unit]") {
    FaultSide side;
    CHECK(side.start(chat())->body() != side.start(chat())->body());
}

TEST_CASE("the list of models is that of the configuration", "[fault][unit]") {
    FaultSide side(R"({"models":["one","two"]})");
    CHECK(side.backend->models()->ids() == std::vector<std::string>{"one", "two"});
    FaultSide usual;
    CHECK(usual.backend->models()->ids() == std::vector<std::string>{"fault"});
}

TEST_CASE("a refused prefill hits requests that end with the assistant's message, and no others", "[fault][unit]") {
    FaultSide side(R"({"script":[{"scenario":"prefill_refused"}]})");
    CHECK(side.start(chat(true))->is_finished());
    const auto hit =
        side.start(with_messages(R"([{"role":"user","content":"count"},{"role":"assistant","content":"1 2 3"}])"));
    CHECK(status_of(*hit) == 400);
    CHECK(hit->body().find("assistant message prefill") != std::string::npos);
    CHECK(status_of(*side.start(
              with_messages(R"([{"role":"assistant","content":"1 2 3"},{"role":"user","content":"go on"}])"))) == 200);
    CHECK(side.breaches() == "");
}

TEST_CASE("an answer goes on where a prefill ends", "[fault][unit]") {
    FaultSide side(R"({"tokens":6})");
    const auto call =
        side.start(with_messages(R"([{"role":"user","content":"count"},{"content":"1 2 3 4","role":"assistant"}])"));
    CHECK(text_of(*call) == " 5 6");
    const auto parts = side.start(with_messages(
        R"([{"role":"user","content":"count"},{"role":"assistant","content":[{"type":"text","text":"1 2"}]}])"));
    CHECK(text_of(*parts) == " 3 4 5 6");
    const auto over = side.start(
        with_messages(R"([{"role":"user","content":"count"},{"role":"assistant","content":"1 2 3 4 5 6 7"}])"));
    CHECK(text_of(*over) == "");
    CHECK(over->is_finished());
    CHECK(side.breaches() == "");
}

TEST_CASE("more than one choice is refused by naming the parameter", "[fault][unit]") {
    FaultSide side;
    const auto call = side.start(chat().set_choice_count(2));
    REQUIRE(call->error());
    CHECK(call->error()->code == "unsupported_parameter");
    CHECK(call->error()->param == "n");
}

TEST_CASE("requests are counted by what became of them", "[fault][unit]") {
    FaultSide side(R"({"script":[{"status":503},{"fault":"reset"},{}]})");
    for (int request = 0; request < 5; ++request) side.start(chat());
    const auto count = [&](const std::string& fault) {
        return side.host.metrics().value("requests_total", {{"fault", fault}});
    };
    CHECK(count("status") == 1);
    CHECK(count("reset") == 1);
    CHECK(count("none") == 3);
}

TEST_CASE("an instance that fails on purpose says so in the log, one that is only tried does not", "[fault][unit]") {
    FaultSide side(R"({"header":true,"script":[{"scenario":"cut"}]})");
    CHECK(side.host.log().has(SLUICE_LOG_WARN, "fail on purpose: script with 1 steps, header obeyed"));
    FakeHost probe;
    probe.pretend_probe();
    LoadedBackend tried(probe, sluice_plugin_query(1, 0), R"({"header":true})");
    CHECK(probe.log().lines().empty());
}
