#include "endpoints/health.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "../routing/listing_backend.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

/// A backend whose health is what the test says.
struct Patient final : PuppetBackend {
    explicit Patient(sluice_health_state first, std::string first_word = "ok")
        : state(first), word(std::move(first_word)) {}

    sluice_status start(sluice_call*, const sluice_call_api&, const sluice_request&) override { return SLUICE_E_STATE; }
    sluice_status health(sluice_health* health, const sluice_health_api& api) override {
        ++times_asked;
        if (!check.empty()) api.check(health, text_of("capacity"), text_of(check));
        api.done(health, state, text_of(word));
        return SLUICE_OK;
    }
    sluice_health_state state;
    std::string word;
    std::string check;
    int times_asked = 0;
};

struct Stage {
    Workshop workshop;
    http::Answer answer_of(endpoints::HealthReport::Backends backends) {
        return endpoints::HealthReport(std::move(backends), asking_at_once(), "1.2.3").answer();
    }
};

}  // namespace

TEST_CASE("health is ready where all work, degraded where one does, unavailable where none does", "[endpoints][unit]") {
    Stage stage;
    auto [first, second, status, word] = GENERATE(table<sluice_health_state, sluice_health_state, int, std::string>({
        {SLUICE_HEALTH_OK, SLUICE_HEALTH_OK, 200, "ready"},
        {SLUICE_HEALTH_OK, SLUICE_HEALTH_DOWN, 200, "degraded"},
        {SLUICE_HEALTH_OK, SLUICE_HEALTH_DEGRADED, 200, "degraded"},
        {SLUICE_HEALTH_DEGRADED, SLUICE_HEALTH_DOWN, 200, "degraded"},
        {SLUICE_HEALTH_DOWN, SLUICE_HEALTH_DOWN, 503, "unavailable"},
    }));
    Patient one(first), two(second);
    http::Answer answer = stage.answer_of({stage.workshop.backend("one", one), stage.workshop.backend("two", two)});
    CHECK(answer.status == status);
    CHECK(answer.body.find("{\"status\":\"" + word + "\",") == 0);
}

TEST_CASE("the checks name every instance with its word and what it adds", "[endpoints][unit]") {
    Stage stage;
    Patient passthrough(SLUICE_HEALTH_DOWN, "no_key"), claude(SLUICE_HEALTH_OK);
    claude.check = "{\"active\":0}";
    http::Answer answer = stage.answer_of(
        {stage.workshop.backend("openai-passthrough", passthrough), stage.workshop.backend("claude", claude)});
    CHECK(answer.body == R"({"status":"degraded","version":"1.2.3","checks":{"openai_passthrough":"no_key",)"
                         R"("claude":"ok","capacity":{"active":0}}})");
    CHECK(answer.content_type == "application/json");
}

TEST_CASE("a backend in quarantine is down and is not asked", "[endpoints][unit]") {
    Stage stage;
    Patient patient(SLUICE_HEALTH_OK);
    const auto backend = stage.workshop.backend("one", patient);
    while (!backend->is_quarantined()) backend->conduct().misbehaved(observability::Misbehaviour::kException);
    http::Answer answer = stage.answer_of({backend});
    CHECK(answer.status == 503);
    CHECK(answer.body.find(R"("checks":{"one":"quarantined"})") != std::string::npos);
    CHECK(patient.times_asked == 0);
}

TEST_CASE("without backends nothing works", "[endpoints][unit]") {
    Stage stage;
    http::Answer answer = stage.answer_of({});
    CHECK(answer.status == 503);
    CHECK(answer.body == R"({"status":"unavailable","version":"1.2.3","checks":{}})");
}

TEST_CASE("a backend is not asked again at once", "[endpoints][unit]") {
    Stage stage;
    Patient patient(SLUICE_HEALTH_OK);
    endpoints::HealthReport report({stage.workshop.backend("one", patient)}, asking_at_once(), "1.2.3");
    for (int i = 0; i < 5; ++i) CHECK(report.answer().status == 200);
    CHECK(patient.times_asked == 1);
}

TEST_CASE("of a backend that does not answer the report says what it said last, and waits for it once",
          "[endpoints][unit]") {
    using Clock = std::chrono::steady_clock;
    Stage stage;
    Patient patient(SLUICE_HEALTH_OK);
    std::vector<std::function<void()>> unanswered;
    bool is_stuck = false;
    backend::QueryLoop loop{nullptr, [&](std::function<void()> task) {
                                if (is_stuck) {
                                    unanswered.push_back(std::move(task));
                                } else {
                                    task();
                                }
                                return true;
                            }};
    endpoints::HealthReport report({stage.workshop.backend("one", patient)}, loop, "1.2.3");
    CHECK(report.answer().status == 200);
    is_stuck = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(110));
    CHECK(report.answer().status == 200);
    auto began = Clock::now();
    for (int i = 0; i < 200; ++i) CHECK(report.answer().status == 200);
    CHECK(Clock::now() - began < std::chrono::seconds(5));  // Waiting each time would take ten.
    REQUIRE(unanswered.size() == 1);
    patient.state = SLUICE_HEALTH_DOWN;
    unanswered.front()();
    CHECK(report.answer().status == 503);
}
