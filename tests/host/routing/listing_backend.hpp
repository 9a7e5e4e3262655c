#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "backend/query.hpp"
#include "scripted.hpp"
#include "workshop.hpp"

namespace sluice::test {

/// A backend that lists models, at once or when the test says so, and may fail to.
struct ListingBackend final : PuppetBackend {
    explicit ListingBackend(std::vector<std::string> names) : list(std::move(names)) {}

    sluice_status start(sluice_call*, const sluice_call_api&, const sluice_request&) override { return SLUICE_E_STATE; }
    sluice_status models(sluice_models* models, const sluice_models_api& api) override {
        ++times_asked;
        if (is_holding) {
            answer_later = [this, models, &api] { answer(models, api); };
        } else {
            answer(models, api);
        }
        return SLUICE_OK;
    }
    void answer(sluice_models* models, const sluice_models_api& api) const {
        const sluice_error error{sizeof error, 0, 0, 0, text_of("upstream_error"), {}, {}, {}};
        for (const std::string& id : list) {
            const sluice_model model{sizeof model, 0, text_of(id), {}, 0};
            api.add(models, &model);
        }
        api.done(models, is_failing ? &error : nullptr);
    }
    std::vector<std::string> list;
    bool is_failing = false;
    bool is_holding = false;
    int times_asked = 0;
    std::function<void()> answer_later;
};

/// A loop for questions: the thread that asks.
inline backend::QueryLoop asking_at_once() {
    return {nullptr, [](std::function<void()> task) {
                task();
                return true;
            }};
}

}  // namespace sluice::test
