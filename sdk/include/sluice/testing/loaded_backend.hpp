// A backend under test.
#pragma once

#include "sluice/ext/backend.h"
#include "sluice/plugin.h"
#include "sluice/testing/fake_call.hpp"
#include "sluice/testing/fake_host.hpp"
#include "sluice/testing/fake_query.hpp"
#include "sluice/testing/loaded_instance.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {
namespace testing {

// One instance of a plugin's backend. `plugin` is what sluice_plugin_query(1, 0) gives: the plugin's source linked into
// the test, or a loaded one.
class LoadedBackend {
public:
    // Throws std::runtime_error with what the plugin says where it refuses the configuration.
    LoadedBackend(FakeHost& host, const sluice_plugin* plugin, std::string_view config_json = "{}")
        : LoadedBackend(host, table_of<sluice_backend_api>(plugin, SLUICE_BACKEND_ID), config_json) {}
    LoadedBackend(FakeHost& host, const sluice_backend_api& table, std::string_view config_json = "{}")
        : instance_(host, table, config_json) {}

    bool is_asynchronous() const noexcept {
        return (table().flags & static_cast<std::uint32_t>(SLUICE_BACKEND_ASYNC)) != 0;
    }
    std::vector<std::string> paths() const {
        std::vector<std::string> paths;
        for (std::size_t i = 0; i < table().path_count; ++i) {
            paths.emplace_back(to_view(table().paths[i]));
        }
        return paths;
    }

    // Hands the call to the backend on this thread, which must be the loop's. A synchronous backend has answered when
    // this returns; an asynchronous one answers while the loop runs: see FakeCall::run_to_end().
    void start(FakeCall& call) {
        call.mark_started(is_asynchronous());
        const sluice_status status = table().start(instance_.handle(), call.raw(), &FakeCall::table(), call.request());
        call.check_after_start(status);
    }
    // For the plain case: starts `request` and runs the loop to the end of the answer.
    std::unique_ptr<FakeCall> answer(FakeRequest request) {
        auto call = std::make_unique<FakeCall>(instance_.host(), std::move(request));
        start(*call);
        call->run_to_end();
        return call;
    }

    // Null where the backend has no such function.
    std::unique_ptr<FakeModels> models() {
        if (table().models == nullptr) {
            return nullptr;
        }
        auto models = std::make_unique<FakeModels>(instance_.host(), is_asynchronous());
        table().models(instance_.handle(), models->raw(), &FakeModels::table());
        models->run_to_end();
        return models;
    }
    std::unique_ptr<FakeHealth> health() {
        if (table().health == nullptr) {
            return nullptr;
        }
        auto health = std::make_unique<FakeHealth>(instance_.host(), is_asynchronous());
        table().health(instance_.handle(), health->raw(), &FakeHealth::table());
        health->run_to_end();
        return health;
    }

    // Tells it that the gateway ends. False where the backend has no such function.
    bool shut_down() {
        if (table().shut_down == nullptr) {
            return false;
        }
        table().shut_down(instance_.handle());
        return true;
    }

    // For tests of the C ABI.
    const sluice_backend_api& table() const noexcept { return instance_.table(); }
    sluice_backend* handle() const noexcept { return instance_.handle(); }

private:
    LoadedInstance<sluice_backend_api, sluice_backend> instance_;
};

}  // namespace testing
}  // namespace sluice
