// The host's side of the questions for a backend's models and health.
#pragma once

#include "sluice/cpp/text.hpp"
#include "sluice/ext/backend.h"
#include "sluice/testing/fake_host.hpp"
#include "sluice/testing/recorded_answer.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice {
namespace testing {

struct RecordedModel {
    std::string id;
    std::string owned_by;
    std::uint64_t created_unix_s = 0;
};

// Takes down a list of models. See LoadedBackend::models().
class FakeModels {
public:
    FakeModels(FakeHost& host, bool is_asynchronous) : host_(host), is_asynchronous_(is_asynchronous) {}
    FakeModels(const FakeModels&) = delete;
    FakeModels& operator=(const FakeModels&) = delete;

    bool is_done() const noexcept { return is_done_; }
    const std::vector<RecordedModel>& list() const noexcept { return list_; }
    const std::optional<RecordedError>& error() const noexcept { return error_; }
    // The ids alone, in order.
    std::vector<std::string> ids() const {
        std::vector<std::string> ids;
        for (const RecordedModel& model : list_) {
            ids.push_back(model.id);
        }
        return ids;
    }
    bool run_to_end() {
        return host_.loop().run_until([this] { return is_done_; });
    }

    sluice_models* raw() noexcept { return reinterpret_cast<sluice_models*>(this); }
    static const sluice_models_api& table() noexcept {
        static const sluice_models_api kTable = {
            sizeof(sluice_models_api), 0,
            [](const sluice_models* models) noexcept {
                FakeModels& me = self(models);
                return me.is_asynchronous_ ? me.host_.loop().raw() : nullptr;
            },
            [](sluice_models* models, const sluice_model* model) noexcept {
                FakeModels& me = self(models);
                me.check_open("add()");
                me.list_.push_back(RecordedModel{std::string(to_view(model->id)), std::string(to_view(model->owned_by)),
                                                 model->created_unix_s});
            },
            [](sluice_models* models, const sluice_error* error) noexcept {
                FakeModels& me = self(models);
                me.check_open("done()");
                me.is_done_ = true;
                if (error != nullptr) {
                    me.error_ = record_error(*error, me.host_.breaches());
                }
            }};
        return kTable;
    }

private:
    static FakeModels& self(const sluice_models* models) noexcept {
        return *reinterpret_cast<FakeModels*>(const_cast<sluice_models*>(models));
    }
    void check_open(const char* what) {
        if (is_done_) {
            host_.breaches().add(std::string(what) + " of a list of models was called after done()");
        }
    }

    FakeHost& host_;
    const bool is_asynchronous_;
    bool is_done_ = false;
    std::vector<RecordedModel> list_;
    std::optional<RecordedError> error_;
};

// Takes down a health check. See LoadedBackend::health().
class FakeHealth {
public:
    FakeHealth(FakeHost& host, bool is_asynchronous) : host_(host), is_asynchronous_(is_asynchronous) {}
    FakeHealth(const FakeHealth&) = delete;
    FakeHealth& operator=(const FakeHealth&) = delete;

    bool is_done() const noexcept { return is_done_; }
    sluice_health_state state() const noexcept { return static_cast<sluice_health_state>(state_); }
    const std::string& word() const noexcept { return word_; }
    // Names and JSON values of further entries.
    const std::vector<std::pair<std::string, std::string>>& checks() const noexcept { return checks_; }
    bool run_to_end() {
        return host_.loop().run_until([this] { return is_done_; });
    }

    sluice_health* raw() noexcept { return reinterpret_cast<sluice_health*>(this); }
    static const sluice_health_api& table() noexcept {
        static const sluice_health_api kTable = {
            sizeof(sluice_health_api), 0,
            [](const sluice_health* health) noexcept {
                FakeHealth& me = self(health);
                return me.is_asynchronous_ ? me.host_.loop().raw() : nullptr;
            },
            [](sluice_health* health, sluice_str name, sluice_str json) noexcept {
                FakeHealth& me = self(health);
                me.check_open("check()");
                me.checks_.emplace_back(to_view(name), to_view(json));
            },
            [](sluice_health* health, std::int32_t state, sluice_str word) noexcept {
                FakeHealth& me = self(health);
                me.check_open("done()");
                me.is_done_ = true;
                me.state_ = state;
                me.word_ = to_view(word);
            }};
        return kTable;
    }

private:
    static FakeHealth& self(const sluice_health* health) noexcept {
        return *reinterpret_cast<FakeHealth*>(const_cast<sluice_health*>(health));
    }
    void check_open(const char* what) {
        if (is_done_) {
            host_.breaches().add(std::string(what) + " of a health check was called after done()");
        }
    }

    FakeHost& host_;
    const bool is_asynchronous_;
    bool is_done_ = false;
    std::int32_t state_ = SLUICE_HEALTH_OK;
    std::string word_;
    std::vector<std::pair<std::string, std::string>> checks_;
};

}  // namespace testing
}  // namespace sluice
