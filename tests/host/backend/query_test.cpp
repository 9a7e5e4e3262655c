#include "backend/query.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <optional>
#include <thread>

#include "journal.hpp"
#include "scripted.hpp"
#include "workshop.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

struct Asked final : PuppetBackend {
    std::function<sluice_status(sluice_models*, const sluice_models_api&)> on_models;
    std::function<sluice_status(sluice_health*, const sluice_health_api&)> on_health;

    sluice_status start(sluice_call*, const sluice_call_api&, const sluice_request&) override { return SLUICE_E_STATE; }
    sluice_status models(sluice_models* models, const sluice_models_api& api) override {
        return on_models(models, api);
    }
    sluice_status health(sluice_health* health, const sluice_health_api& api) override {
        return on_health(health, api);
    }
};

backend::QueryLoop running_at_once() {
    return {nullptr, [](std::function<void()> task) {
                task();
                return true;
            }};
}

}  // namespace

TEST_CASE("a backend's models arrive with all they say", "[backend][unit]") {
    Workshop workshop;
    Asked puppet;
    puppet.on_models = [](sluice_models* models, const sluice_models_api& api) {
        sluice_model model{sizeof model, 0, text_of("m-1"), text_of("someone"), 17};
        api.add(models, &model);
        model = {sizeof model, 0, text_of("m-2"), {}, 0};
        api.add(models, &model);
        api.done(models, nullptr);
        return SLUICE_OK;
    };
    auto backend = workshop.backend("one", puppet);
    std::optional<std::vector<backend::Model>> list;
    backend::ask_for_models(*backend, running_at_once(), [&](auto models) { list = std::move(models); });
    REQUIRE(list);
    REQUIRE(list->size() == 2);
    CHECK(list->at(0).id == "m-1");
    CHECK(list->at(0).owned_by == "someone");
    CHECK(list->at(0).created_unix_s == 17);
    CHECK(list->at(1).owned_by.empty());
}

TEST_CASE("a backend that cannot list its models gives none, once", "[backend][unit]") {
    Workshop workshop;
    Asked puppet;
    bool has_error = GENERATE(true, false);
    puppet.on_models = [has_error](sluice_models* models, const sluice_models_api& api) -> sluice_status {
        if (!has_error) return SLUICE_E_INTERNAL;
        const sluice_error error{sizeof error, 0, 0, 0, text_of("upstream_error"), {}, {}, {}};
        api.done(models, &error);
        return SLUICE_OK;
    };
    auto backend = workshop.backend("one", puppet);
    int answers = 0;
    bool has_list = true;
    backend::ask_for_models(*backend, running_at_once(), [&](auto models) {
        ++answers;
        has_list = models.has_value();
    });
    CHECK(answers == 1);
    CHECK_FALSE(has_list);
}

TEST_CASE("a status below zero after the answer is not a second answer", "[backend][unit]") {
    Workshop workshop;
    Asked puppet;
    puppet.on_models = [](sluice_models* models, const sluice_models_api& api) -> sluice_status {
        api.done(models, nullptr);
        return SLUICE_E_INTERNAL;
    };
    puppet.on_health = [](sluice_health* health, const sluice_health_api& api) -> sluice_status {
        api.done(health, SLUICE_HEALTH_OK, text_of("fine"));
        return SLUICE_E_INTERNAL;
    };
    auto backend = workshop.backend("one", puppet);
    int answers = 0;
    backend::ask_for_models(*backend, running_at_once(), [&](auto models) { answers += models ? 1 : 100; });
    backend::ask_for_health(*backend, running_at_once(),
                            [&](const backend::Health& health) { answers += health.word == "fine" ? 10 : 1000; });
    CHECK(answers == 11);
}

TEST_CASE("a loop that is gone answers for the backend", "[backend][unit]") {
    Workshop workshop;
    Asked puppet;
    auto backend = workshop.backend("one", puppet);
    backend::QueryLoop stopped{nullptr, [](const std::function<void()>&) { return false; }};
    int answers = 0;
    backend::ask_for_models(*backend, stopped, [&](auto models) { answers += models ? 100 : 1; });
    backend::ask_for_health(*backend, stopped, [&](const backend::Health& health) {
        answers += health.state == SLUICE_HEALTH_DOWN ? 10 : 1000;
    });
    CHECK(answers == 11);
}

TEST_CASE("health arrives with its word and its further checks", "[backend][unit]") {
    Workshop workshop;
    Asked puppet;
    auto [state, expected] = GENERATE(table<int, sluice_health_state>({{SLUICE_HEALTH_OK, SLUICE_HEALTH_OK},
                                                                       {SLUICE_HEALTH_DEGRADED, SLUICE_HEALTH_DEGRADED},
                                                                       {SLUICE_HEALTH_DOWN, SLUICE_HEALTH_DOWN},
                                                                       {7, SLUICE_HEALTH_DOWN},
                                                                       {-1, SLUICE_HEALTH_DOWN}}));
    puppet.on_health = [given = state](sluice_health* health, const sluice_health_api& api) {
        api.check(health, text_of("capacity"), text_of("{\"max\":1}"));
        api.done(health, given, text_of("no_key"));
        return SLUICE_OK;
    };
    auto backend = workshop.backend("one", puppet);
    std::optional<backend::Health> health;
    backend::ask_for_health(*backend, running_at_once(), [&](backend::Health said) { health = std::move(said); });
    REQUIRE(health);
    CHECK(health->state == expected);
    CHECK(health->word == "no_key");
    CHECK(health->checks == std::vector<std::pair<std::string, std::string>>{{"capacity", "{\"max\":1}"}});
}

TEST_CASE("a blocking backend is asked on a worker", "[backend][unit]") {
    Workshop workshop;
    Asked puppet;
    Journal journal;
    auto main_thread = std::this_thread::get_id();
    puppet.on_models = [&](sluice_models* models, const sluice_models_api& api) {
        bool is_elsewhere = std::this_thread::get_id() != main_thread && api.loop(models) == nullptr;
        journal.note(is_elsewhere ? "on a worker" : "here");
        api.done(models, nullptr);
        return SLUICE_OK;
    };
    auto backend = workshop.backend("one", puppet, "puppet_blocking.so");
    CHECK_FALSE(backend->is_async());
    backend::ask_for_models(*backend, running_at_once(), [&](auto) { journal.note("answered"); });
    CHECK(journal.waits_for("answered"));
    CHECK(journal.count("on a worker") == 1);
    workshop.workers.run([&] { journal.note("idle"); });  // the only worker: it has left the plugin then
    CHECK(journal.waits_for("idle"));
}

TEST_CASE("a backend knows its name, its paths and that it is no example", "[backend][unit]") {
    Workshop workshop;
    Asked puppet;
    auto backend = workshop.backend("one", puppet);
    CHECK(backend->name() == "one");
    CHECK(backend->is_async());
    CHECK_FALSE(backend->is_example());
    CHECK(backend->serves("/v1/anything"));
    CHECK_FALSE(backend->serves("/v2"));
}
