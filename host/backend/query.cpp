#include "backend/query.hpp"

#include <atomic>
#include <memory>

#include "plugin/plugin_entry.hpp"

namespace sluice::backend {

/// The host's side of one question. Two hold it: the call into the plugin, and the answer that is owed. The answer may
/// come inside the call or long after it; what a plugin says after its answer is not heard.
template <class Answer>
struct Question {
    sluice_loop* loop = nullptr;
    Answer answer{};
    std::function<void(Answer)> done;
    std::atomic<int> holds{2};
    std::atomic<bool> is_answered{false};

    virtual ~Question() = default;

    void give(Answer final_answer) {
        if (is_answered.exchange(true)) return;
        done(std::move(final_answer));
        release();
    }
    void release() {
        if (holds.fetch_sub(1) == 1) delete this;
    }
};

}  // namespace sluice::backend

struct sluice_models : sluice::backend::Question<std::optional<std::vector<sluice::backend::Model>>> {};
struct sluice_health : sluice::backend::Question<sluice::backend::Health> {};

namespace sluice::backend {

namespace {

std::string copy(sluice_str text) { return std::string(text.ptr ? text.ptr : "", text.len); }

constexpr sluice_models_api kModelsTable{
    sizeof(sluice_models_api),
    0,
    [](const sluice_models* models) noexcept -> sluice_loop* { return models->loop; },
    [](sluice_models* models, const sluice_model* model) noexcept {
        models->answer->push_back({copy(model->id), copy(model->owned_by), model->created_unix_s});
    },
    [](sluice_models* models, const sluice_error* error) noexcept {
        models->give(error ? std::nullopt : std::move(models->answer));
    },
};

constexpr sluice_health_api kHealthTable{
    sizeof(sluice_health_api),
    0,
    [](const sluice_health* health) noexcept -> sluice_loop* { return health->loop; },
    [](sluice_health* health, sluice_str name, sluice_str json) noexcept {
        health->answer.checks.emplace_back(copy(name), copy(json));
    },
    [](sluice_health* health, std::int32_t state, sluice_str word) noexcept {
        bool is_known = state >= SLUICE_HEALTH_OK && state <= SLUICE_HEALTH_DOWN;
        health->answer.state = is_known ? static_cast<sluice_health_state>(state) : SLUICE_HEALTH_DOWN;
        health->answer.word = copy(word);
        health->give(std::move(health->answer));
    },
};

/// Runs `ask` where the backend wants it: on a loop, or on a worker. Where neither takes it, `answer_instead` is given.
template <class AnyQuestion, class Ask, class Answer>
void run_where_it_belongs(const PluginBackend& backend, const QueryLoop& loop, AnyQuestion* question,
                          observability::PluginFunction function, Ask ask, Answer answer_instead) {
    auto work = [&backend, question, function, ask, answer_instead] {
        sluice_status status = SLUICE_OK;
        {
            const plugin::PluginEntry entry(backend.conduct(), function);
            status = ask();
        }
        if (status < 0) question->give(answer_instead);
        question->release();
    };
    bool is_running = backend.is_async() ? loop.post(work) : backend.run_on_worker(work);
    if (is_running) return;
    question->give(answer_instead);
    question->release();
}

}  // namespace

void ask_for_models(const PluginBackend& backend, const QueryLoop& loop,
                    std::function<void(std::optional<std::vector<Model>>)> done) {
    if (!backend.api().models) return done(std::vector<Model>{});
    if (backend.is_quarantined()) return done(std::nullopt);
    auto* question = new sluice_models;
    question->loop = backend.is_async() ? loop.loop : nullptr;
    question->answer.emplace();
    question->done = std::move(done);
    auto ask = [&backend, question] { return backend.api().models(backend.handle(), question, &kModelsTable); };
    run_where_it_belongs(backend, loop, question, observability::PluginFunction::kModels, ask,
                         std::optional<std::vector<Model>>());
}

void ask_for_health(const PluginBackend& backend, const QueryLoop& loop, std::function<void(Health)> done) {
    if (backend.is_quarantined()) return done(Health{SLUICE_HEALTH_DOWN, "quarantined", {}});
    if (!backend.api().health) return done(Health{});
    auto* question = new sluice_health;
    question->loop = backend.is_async() ? loop.loop : nullptr;
    question->done = std::move(done);
    auto ask = [&backend, question] { return backend.api().health(backend.handle(), question, &kHealthTable); };
    run_where_it_belongs(backend, loop, question, observability::PluginFunction::kHealth, ask,
                         Health{SLUICE_HEALTH_DOWN, "error", {}});
}

}  // namespace sluice::backend
