// A backend with full control over its answers.
#pragma once

#include "sluice/cpp/call.hpp"
#include "sluice/cpp/health.hpp"
#include "sluice/cpp/instance.hpp"
#include "sluice/cpp/models.hpp"
#include "sluice/ext/backend.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <type_traits>
#include <utility>

namespace sluice {
inline namespace v1 {

// The base of an asynchronous backend: its functions run on the loop of the call, return at once and never block; its
// sockets and timers live on that loop (Loops::of(call)). Overriding functions are public. A function that is not
// overridden is absent from the plugin's table.
//
// A class may further declare
//     static constexpr sluice_str kPaths[] = {SLUICE_STR("/v1/")};        what it answers; default: chat completions
//     static constexpr std::string_view kConfigSchema = R"({...})";       JSON Schema of its configuration
//     static constexpr std::uint32_t kManifestFlags = ...;                bits of sluice_manifest_flag
//     static constexpr bool kIsAsynchronous = false;                      run start() on a worker, where it may block
// and a constructor (Host, std::string_view config_json), (Host) or (). What the constructor throws refuses the
// configuration. All calls have ended when the destructor runs, on a thread that is no loop's; it ends watches and
// timers (Loops::run_on_each) and joins own threads.
class Backend {
public:
    static constexpr bool kIsAsynchronous = true;

    virtual ~Backend() = default;

    // Answers a request. Move the call somewhere to keep it; one that is neither moved nor ended when start() returns
    // fails, with the exception if start() throws.
    virtual void start(Call&& call) = 0;
    // Lists the models: now, or later by moving the list away. One that stays where it is counts as complete on return.
    virtual void models(ModelList&& list) { list.done(); }
    // Says, from what it knows, how it is: now, or later by moving the report away. Silence counts as ok.
    virtual void health(HealthReport&& report) { report.ok(); }
    // The gateway ends: calls that run are waited for, but not for ever; a last one may still come in. On the main
    // thread.
    virtual void shut_down() noexcept {}
};

// What is behind the entries of a Backend's table.
template <class Class>
struct BackendEntries {
    using Holder = Instance<Class>;

    static sluice_status start(sluice_backend* backend, sluice_call* raw_call, const sluice_call_api* api,
                               const sluice_request* request) noexcept {
        Holder& holder = *reinterpret_cast<Holder*>(backend);
        Call call(holder.host.raw(), raw_call, api, request);
        try {
            holder.object.start(std::move(call));
        } catch (...) {
            call.fail_with_current_exception();
        }
        return SLUICE_OK;
    }
    static sluice_status models(sluice_backend* backend, sluice_models* models, const sluice_models_api* api) noexcept {
        Holder& holder = *reinterpret_cast<Holder*>(backend);
        ModelList list(models, api);
        answer(
            holder.host, list, [&] { holder.object.models(std::move(list)); }, [&] { list.done(); },
            [&](const sluice_error& error) { list.fail(error); });
        return SLUICE_OK;
    }
    static sluice_status health(sluice_backend* backend, sluice_health* health, const sluice_health_api* api) noexcept {
        Holder& holder = *reinterpret_cast<Holder*>(backend);
        HealthReport report(health, api);
        answer(
            holder.host, report, [&] { holder.object.health(std::move(report)); }, [&] { report.ok(); },
            [&](const sluice_error&) { report.down("error"); });
        return SLUICE_OK;
    }

    static void shut_down(sluice_backend* backend) noexcept { reinterpret_cast<Holder*>(backend)->object.shut_down(); }

    // Asks the author's object; an answer it left open is completed, one it threw in is failed.
    template <class Handle, class Ask, class Complete, class Fail>
    static void answer(Host host, const Handle& handle, Ask ask, Complete complete, Fail fail) noexcept {
        try {
            ask();
            if (handle) {
                complete();
            }
        } catch (...) {
            report_current_exception([&](const sluice_error& error, std::string_view detail) {
                if (!detail.empty()) {
                    host.log().error(detail);
                }
                if (handle) {
                    fail(error);
                }
            });
        }
    }
};

inline constexpr std::string_view kChatCompletionsPath = "/v1/chat/completions";

template <class Class, class = void>
struct BackendPaths {
    static constexpr std::array<sluice_str, 1> list() noexcept { return {{to_str(kChatCompletionsPath)}}; }
};

template <class Class>
struct BackendPaths<Class, std::void_t<decltype(Class::kPaths)>> {
    static constexpr auto list() noexcept {
        std::array<sluice_str, std::size(Class::kPaths)> paths{};
        std::size_t next = 0;
        for (const sluice_str& path : Class::kPaths) {
            paths[next++] = path;
        }
        return paths;
    }
};

// The table of a class derived from Backend.
template <class Class>
constexpr sluice_backend_api backend_table(const sluice_str* paths, std::size_t path_count) noexcept {
    using Entries = BackendEntries<Class>;
    using Holder = typename Entries::Holder;
    sluice_backend_api table{};
    table.struct_size = sizeof(table);
    table.flags = Class::kIsAsynchronous ? static_cast<std::uint32_t>(SLUICE_BACKEND_ASYNC) : 0u;
    table.paths = paths;
    table.path_count = path_count;
    table.create = &create_instance<Holder, sluice_backend>;
    table.destroy = &destroy_instance<Holder, sluice_backend>;
    table.start = &Entries::start;
    if constexpr (kIsOverridden<&Class::models, &Backend::models>) {
        table.models = &Entries::models;
    }
    if constexpr (kIsOverridden<&Class::health, &Backend::health>) {
        table.health = &Entries::health;
    }
    if constexpr (kIsOverridden<&Class::shut_down, &Backend::shut_down>) {
        table.shut_down = &Entries::shut_down;
    }
    return table;
}

}  // namespace v1
}  // namespace sluice
