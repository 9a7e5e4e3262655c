// Creating and destroying an instance of a plugin as the host does.
#pragma once

#include "sluice/cpp/text.hpp"
#include "sluice/plugin.h"
#include "sluice/testing/fake_host.hpp"

#include <stdexcept>
#include <string>
#include <string_view>

namespace sluice {
namespace testing {

// The table `id` of the plugin. Throws std::runtime_error where there is none.
template <class Table>
const Table& table_of(const sluice_plugin* plugin, std::string_view id) {
    const void* table = plugin != nullptr ? plugin->get_interface(to_str(id)) : nullptr;
    if (table == nullptr) {
        throw std::runtime_error("the plugin has no interface \"" + std::string(id) + "\"");
    }
    return *static_cast<const Table*>(table);
}

// One instance, created by the constructor and destroyed by the destructor, both on a thread that is not the loop's.
// `Table` is sluice_backend_api or sluice_middleware_api, `Handle` what its create() makes.
template <class Table, class Handle>
class LoadedInstance {
public:
    // Throws std::runtime_error with what the plugin says where it refuses the configuration.
    LoadedInstance(FakeHost& host, const Table& table, std::string_view config_json) : host_(host), table_(table) {
        std::string errors;
        const sluice_text_sink sink = {
            &errors, [](void* ctx, sluice_str text) noexcept { *static_cast<std::string*>(ctx) += to_view(text); }};
        sluice_status status = SLUICE_OK;
        const std::string config(config_json);
        host_.run_on_main_thread([&] { status = table_.create(host_.raw(), to_str(config), sink, &handle_); });
        if (status < 0) {
            check_refusal(errors);
            throw std::runtime_error(errors);
        }
        if (handle_ == nullptr) {
            throw std::runtime_error("create() gave no instance");
        }
    }
    LoadedInstance(const LoadedInstance&) = delete;
    LoadedInstance& operator=(const LoadedInstance&) = delete;
    ~LoadedInstance() {
        host_.run_on_main_thread([this] { table_.destroy(handle_); });
        host_.loop().report_leaks();
        host_.store().report_leaks();
    }

    FakeHost& host() const noexcept { return host_; }
    const Table& table() const noexcept { return table_; }
    Handle* handle() const noexcept { return handle_; }

private:
    void check_refusal(const std::string& errors) {
        if (errors.empty()) {
            host_.breaches().add("create() failed without a message");
        }
        host_.loop().report_leaks();
        host_.store().report_leaks();
    }

    FakeHost& host_;
    const Table& table_;
    Handle* handle_ = nullptr;
};

}  // namespace testing
}  // namespace sluice
