// The models a backend serves.
#pragma once

#include "sluice/cpp/error.hpp"
#include "sluice/cpp/text.hpp"
#include "sluice/ext/backend.h"

#include <cstdint>
#include <string_view>
#include <utility>

namespace sluice {
inline namespace v1 {

// The answer to one question for the models: add() each, then done() or fail(), after which the object is empty.
// A list that is destroyed before that counts as failed, and the host keeps its last good one. Belongs to the thread
// that calls do.
class ModelList {
public:
    ModelList(sluice_models* models, const sluice_models_api* api) noexcept : models_(models), api_(api) {}
    ModelList(ModelList&& other) noexcept : models_(std::exchange(other.models_, nullptr)), api_(other.api_) {}
    ModelList& operator=(ModelList&& other) noexcept {
        if (this != &other) {
            abandon();
            models_ = std::exchange(other.models_, nullptr);
            api_ = other.api_;
        }
        return *this;
    }
    ~ModelList() { abandon(); }

    explicit operator bool() const noexcept { return models_ != nullptr; }
    // For Loops::of(); null for a synchronous backend.
    sluice_loop* loop() const noexcept { return api_->loop(models_); }

    // `id` is what clients write into "model"; 0 seconds stand for an unknown time.
    void add(std::string_view id, std::string_view owned_by = {}, std::uint64_t created_unix_s = 0) noexcept {
        const sluice_model model{sizeof(sluice_model), 0, to_str(id), to_str(owned_by), created_unix_s};
        if (models_ != nullptr) {
            api_->add(models_, &model);
        }
    }
    void done() noexcept { end(nullptr); }
    void fail(const Error& error) noexcept { fail(error.to_abi()); }
    void fail(const sluice_error& error) noexcept { end(&error); }

private:
    void end(const sluice_error* error) noexcept {
        if (sluice_models* models = std::exchange(models_, nullptr)) {
            api_->done(models, error);
        }
    }
    void abandon() noexcept { fail(plain_error("internal_error", "The backend gave no list of models.")); }

    sluice_models* models_;
    const sluice_models_api* api_;
};

}  // namespace v1
}  // namespace sluice
