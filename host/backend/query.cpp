#include "backend/query.hpp"

#include <memory>

/// The host's side of one question: dead after done().
struct sluice_models {
    sluice_loop* loop = nullptr;
    std::vector<sluice::backend::Model> list;
    std::function<void(std::optional<std::vector<sluice::backend::Model>>)> done;
};

struct sluice_health {
    sluice_loop* loop = nullptr;
    sluice::backend::Health health;
    std::function<void(sluice::backend::Health)> done;
};

namespace sluice::backend {

namespace {

std::string copy(sluice_str text) { return std::string(text.ptr ? text.ptr : "", text.len); }

constexpr sluice_models_api kModelsTable{
    sizeof(sluice_models_api),
    0,
    [](const sluice_models* models) noexcept -> sluice_loop* { return models->loop; },
    [](sluice_models* models, const sluice_model* model) noexcept {
        models->list.push_back({copy(model->id), copy(model->owned_by), model->created_unix_s});
    },
    [](sluice_models* models, const sluice_error* error) noexcept {
        std::unique_ptr<sluice_models> owner(models);
        if (error) {
            owner->done(std::nullopt);
        } else {
            owner->done(std::move(owner->list));
        }
    },
};

constexpr sluice_health_api kHealthTable{
    sizeof(sluice_health_api),
    0,
    [](const sluice_health* health) noexcept -> sluice_loop* { return health->loop; },
    [](sluice_health* health, sluice_str name, sluice_str json) noexcept {
        health->health.checks.emplace_back(copy(name), copy(json));
    },
    [](sluice_health* health, std::int32_t state, sluice_str word) noexcept {
        std::unique_ptr<sluice_health> owner(health);
        bool is_known = state >= SLUICE_HEALTH_OK && state <= SLUICE_HEALTH_DOWN;
        owner->health.state = is_known ? static_cast<sluice_health_state>(state) : SLUICE_HEALTH_DOWN;
        owner->health.word = copy(word);
        owner->done(std::move(owner->health));
    },
};

/// Runs `ask` where the backend wants it: on a loop, or on a worker. False when neither takes it.
bool run_where_it_belongs(const PluginBackend& backend, const QueryLoop& loop, std::function<void()> ask) {
    return backend.is_async() ? loop.post(std::move(ask)) : backend.pool().run(std::move(ask));
}

}  // namespace

void ask_for_models(const PluginBackend& backend, const QueryLoop& loop,
                    std::function<void(std::optional<std::vector<Model>>)> done) {
    if (!backend.api().models) return done(std::vector<Model>{});
    auto* question = new sluice_models{backend.is_async() ? loop.loop : nullptr, {}, std::move(done)};
    bool is_running = run_where_it_belongs(backend, loop, [&backend, question] {
        sluice_status status = backend.api().models(backend.handle(), question, &kModelsTable);
        if (status < 0) {
            std::unique_ptr<sluice_models> owner(question);
            owner->done(std::nullopt);
        }
    });
    if (is_running) return;
    std::unique_ptr<sluice_models> owner(question);
    owner->done(std::nullopt);
}

void ask_for_health(const PluginBackend& backend, const QueryLoop& loop, std::function<void(Health)> done) {
    if (!backend.api().health) return done(Health{});
    auto* question = new sluice_health{backend.is_async() ? loop.loop : nullptr, {}, std::move(done)};
    auto give_up = [question] {
        std::unique_ptr<sluice_health> owner(question);
        owner->done(Health{SLUICE_HEALTH_DOWN, "error", {}});
    };
    bool is_running = run_where_it_belongs(backend, loop, [&backend, question, give_up] {
        if (backend.api().health(backend.handle(), question, &kHealthTable) < 0) give_up();
    });
    if (!is_running) give_up();
}

}  // namespace sluice::backend
